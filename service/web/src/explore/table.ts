// The map's columns, read from the Arrow stream of /v1/morphospace.

import { type Table, tableFromIPC } from "@uwdata/flechette";

/** A column of few different words: their codes, -1 for none. */
export interface Words {
  codes: Int32Array;
  values: string[];
}

/** What the service says of a map; see docs/morphospace.md. */
export interface Said {
  space: string;
  version: string;
  images: number;
  parameters: { method: string };
  quality: { trustworthiness: number | null; overlap: number | null; k: number };
  notes: string[];
}

interface DictionaryPart {
  length: number;
  nullCount: number;
  validity: Uint8Array;
  values: Int32Array;
  dictionary: { toArray(): ArrayLike<string> };
}

export class MapTable {
  readonly said: Said;
  readonly size: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly placed: Uint8Array;
  readonly far: Uint8Array;
  private readonly table: Table;
  private readonly names: Set<string | number | symbol>;
  private readonly read = new Map<string, Words>();

  constructor(stream: ArrayBuffer) {
    this.table = tableFromIPC(new Uint8Array(stream));
    this.names = new Set(this.table.names);
    this.said = JSON.parse(this.table.schema.metadata?.get("holotype") ?? "{}") as Said;
    this.size = this.table.numRows;
    this.x = Float32Array.from(this.column("x").toArray() as ArrayLike<number>);
    this.y = Float32Array.from(this.column("y").toArray() as ArrayLike<number>);
    this.placed = flags(this.column("placed").toArray() as ArrayLike<boolean>);
    this.far = flags(this.column("far").toArray() as ArrayLike<boolean>);
  }

  imageId(place: number): string {
    return String(this.column("image_id").at(place));
  }

  /** The word of an image in a column, empty for none. */
  word(name: string, place: number): string {
    const { codes, values } = this.words(name);
    return values[codes[place] ?? -1] ?? "";
  }

  words(name: string): Words {
    let found = this.read.get(name);
    if (!found) this.read.set(name, (found = this.readWords(name)));
    return found;
  }

  private column(name: string) {
    return this.table.getChild(name);
  }

  private readWords(name: string): Words {
    const own = `${name} (own)`; // the user's column of a name that the map has, too
    const parts = this.column(this.names.has(own) ? own : name).data as unknown as DictionaryPart[];
    const codes = new Int32Array(this.size).fill(-1);
    let start = 0;
    for (const part of parts) {
      for (let at = 0; at < part.length; at++) {
        if (part.nullCount && !((part.validity[at >> 3] ?? 0) & (1 << (at & 7)))) continue;
        codes[start + at] = part.values[at] ?? -1;
      }
      start += part.length;
    }
    return { codes, values: Array.from(parts[0]?.dictionary.toArray() ?? []) };
  }
}

function flags(values: ArrayLike<boolean>): Uint8Array {
  return Uint8Array.from(values, (value) => (value ? 1 : 0));
}
