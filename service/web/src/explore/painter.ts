// Draws the images of a map as marks: WebGL, which draws a million of them at once; where a browser
// has none, in the plain way, which draws an even part of many.

import type { Frame } from "./camera";

/** A disc; a ring where the image was placed later; a cross where its place says little. */
export const MARKS = { disc: 0, ring: 1, cross: 2 } as const;

/** How every image is drawn: red, green, blue, opacity (0 for not at all) and mark, 5 bytes each. */
export interface Looks {
  colours: Uint8Array;
  marks: Uint8Array;
  order: Uint32Array;
}

/** What draws the images on a canvas. */
export interface Painter {
  setPlaces(x: Float32Array, y: Float32Array): void;
  setLooks(looks: Looks): void;
  /** Draws all; `size` is that of a disc, in CSS pixels. */
  draw(frame: Frame, size: number, density: number): void;
}

/** How many images are drawn without WebGL, so that moving about does not stall. */
export const MOST_PLAIN = 50_000;

const VERTEX = `#version 300 es
in vec2 place; in vec4 colour; in float mark;
uniform vec2 across; uniform vec2 shift; uniform float size;
out vec4 shade; flat out float kind; flat out float pixels;
void main() {
  gl_Position = vec4(place * across + shift, 0.0, 1.0);
  pixels = mark > 1.5 ? max(size * 1.5, 7.0) : (mark > 0.5 ? max(size * 1.15, 4.5) : size);
  gl_PointSize = pixels + 1.0;
  shade = colour; kind = mark;
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 shade; flat in float kind; flat in float pixels;
out vec4 painted;
void main() {
  vec2 at = (gl_PointCoord - 0.5) * (pixels + 1.0);
  float radius = pixels * 0.5, far = length(at), cover = clamp(radius - far + 0.5, 0.0, 1.0);
  float line = max(1.2, pixels * 0.16);
  if (kind > 1.5) {
    float off = min(abs(at.x - at.y), abs(at.x + at.y)) * 0.7071;
    cover *= clamp(line * 0.6 - off + 0.5, 0.0, 1.0);
  } else if (kind > 0.5) {
    cover *= clamp(far - (radius - line) + 0.5, 0.0, 1.0);
  }
  float alpha = shade.a * cover;
  painted = vec4(shade.rgb * alpha, alpha);
}`;

export class WebGlPainter implements Painter {
  private readonly program: WebGLProgram;
  private readonly places: WebGLBuffer;
  private readonly colours: WebGLBuffer;
  private readonly marks: WebGLBuffer;
  private readonly order: WebGLBuffer;
  private count = 0;

  private constructor(private readonly gl: WebGL2RenderingContext) {
    this.program = programOf(gl);
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.places = this.attribute("place", 2, gl.FLOAT, false);
    this.colours = this.attribute("colour", 4, gl.UNSIGNED_BYTE, true);
    this.marks = this.attribute("mark", 1, gl.UNSIGNED_BYTE, false);
    this.order = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
  }

  /** A painter on a canvas; null where the browser cannot draw so. */
  static on(canvas: HTMLCanvasElement): WebGlPainter | null {
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    return gl && new WebGlPainter(gl);
  }

  setPlaces(x: Float32Array, y: Float32Array): void {
    const both = new Float32Array(2 * x.length);
    for (let at = 0; at < x.length; at++) {
      both[2 * at] = x[at] ?? 0;
      both[2 * at + 1] = y[at] ?? 0;
    }
    this.fill(this.places, both);
  }

  setLooks({ colours, marks, order }: Looks): void {
    this.fill(this.colours, colours);
    this.fill(this.marks, marks);
    this.gl.bufferData(this.gl.ELEMENT_ARRAY_BUFFER, order, this.gl.DYNAMIC_DRAW);
    this.count = order.length;
  }

  draw(frame: Frame, size: number, density: number): void {
    const { gl, program } = this;
    const { width, height, across, left, top } = frame;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const uniform = (name: string) => gl.getUniformLocation(program, name);
    gl.uniform2f(uniform("across"), (2 * across) / width, (2 * across) / height);
    gl.uniform2f(uniform("shift"), (2 * left) / width - 1, 1 - (2 * top) / height);
    gl.uniform1f(uniform("size"), size * density);
    gl.drawElements(gl.POINTS, this.count, gl.UNSIGNED_INT, 0);
  }

  private attribute(name: string, size: number, type: number, share: boolean): WebGLBuffer {
    const { gl, program } = this;
    const buffer = gl.createBuffer();
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, size, type, share, 0, 0);
    return buffer;
  }

  private fill(buffer: WebGLBuffer, values: Float32Array | Uint8Array): void {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
  }
}

function programOf(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error("WebGL was lost");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}

export class PlainPainter implements Painter {
  private x: Float32Array = new Float32Array();
  private y: Float32Array = new Float32Array();
  private looks: Looks = { colours: new Uint8Array(), marks: new Uint8Array(), order: new Uint32Array() };

  private constructor(private readonly context: CanvasRenderingContext2D) {}

  static on(canvas: HTMLCanvasElement): PlainPainter | null {
    const context = canvas.getContext("2d");
    return context && new PlainPainter(context);
  }

  setPlaces(x: Float32Array, y: Float32Array): void {
    [this.x, this.y] = [x, y];
  }

  setLooks(looks: Looks): void {
    this.looks = looks;
  }

  draw({ width, height, across, left, top }: Frame, size: number, density: number): void {
    const { context } = this;
    const { order } = this.looks;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    const step = Math.ceil(order.length / MOST_PLAIN) || 1;
    for (let at = 0; at < order.length; at += step) {
      const place = order[at] ?? 0;
      const x = left + across * (this.x[place] ?? 0);
      const y = top - across * (this.y[place] ?? 0);
      const seen = x > -size && x < width + size && y > -size && y < height + size;
      if (seen) this.mark(place, x, y, size / 2);
    }
  }

  private mark(place: number, x: number, y: number, radius: number): void {
    const { context } = this;
    const { colours, marks } = this.looks;
    const [red, green, blue, opacity = 0] = colours.subarray(4 * place, 4 * place + 4);
    const colour = `rgb(${red} ${green} ${blue} / ${opacity / 255})`;
    context.fillStyle = context.strokeStyle = colour;
    context.beginPath();
    if (marks[place] === MARKS.cross) {
      const arm = Math.max(radius, 2.5);
      context.moveTo(x - arm, y - arm);
      context.lineTo(x + arm, y + arm);
      context.moveTo(x - arm, y + arm);
      context.lineTo(x + arm, y - arm);
      context.stroke();
      return;
    }
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (marks[place] === MARKS.ring) context.stroke();
    else context.fill();
  }
}
