// Asking the service, and what it says is wrong.

import type { Address } from "./addresses";
import { byId, el } from "./dom";
import { language, problemTitle, t } from "./strings";

const PATIENCE = 700; // milliseconds after which the page says that it waits
const WORDS = { "Holotype-Words": "pages" }; // a sentence tells what to do as the pages call it
const CHANGED = "urn:holotype:changed-meanwhile";

/**
 * What is wrong, in one sentence.
 *
 * That of the service (and of its jobs, and of the browser) is English, which is said; its title is
 * in the language of the page, and stands before it where that is another one.
 */
export class Problem extends Error {
  /** What the page has to add. */
  more = "";

  constructor(
    readonly title: string,
    detail: string,
    readonly kind = "", // such as urn:holotype:not-found; empty where the page itself says it
    readonly status = 0,
    readonly retryAfter = 0, // seconds
  ) {
    super(detail);
  }

  /** The sentence, for an element of the page. */
  told(): (Node | string)[] {
    const detail = this.kind ? el("span", { lang: "en" }, this.message) : this.message;
    return [this.before, detail, this.more && ` ${this.more}`];
  }

  /** The sentence where there is only plain text. */
  get words(): string {
    return [this.before, this.message, this.more && ` ${this.more}`].join("");
  }

  private get before(): string {
    return this.kind && language !== "en" && this.title ? `${this.title}: ` : "";
  }
}

/** What somebody else did meanwhile, in the sentence of the service. */
export function changedMeanwhile(why: string): Problem {
  return new Problem(problemTitle(CHANGED) ?? "", why, CHANGED);
}

/** Whether something was refused because somebody else changed meanwhile what it is about. */
export function isChange(error: unknown): boolean {
  return error instanceof Problem && error.kind === CHANGED;
}

/** Whether what was asked for is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Problem && error.kind === "urn:holotype:not-found";
}

/** A problem in the place of what would have been shown. */
export function problemArticle(error: unknown, heading: "h2" | "h3" = "h2"): HTMLElement {
  const problem = problemOf(error);
  const lang: Record<string, string> = problem.kind ? { lang: "en" } : {};
  return el(
    "article",
    { class: "problem" },
    el(heading, {}, problem.title),
    el("p", lang, problem.message),
  );
}

/** The JSON of an address; where it takes long the page says that it waits. */
export function get<T>(address: Address, signal?: AbortSignal): Promise<T> {
  return waiting(fetched(address, signal ? { signal } : {})) as Promise<T>;
}

/** The JSON of an address that is looked at again and again, for which nobody waits. */
export async function look<T>(address: Address): Promise<T> {
  return (await fetched(address, {})) as T;
}

/** The bytes of an address; where it takes long the page says that it waits. */
export function bytes(address: Address, signal: AbortSignal): Promise<ArrayBuffer> {
  return waiting(answered(address, { signal }).then((response) => response.arrayBuffer()));
}

/** Send JSON, a form or nothing, and return the JSON of the answer. */
export async function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  address: Address,
  body?: object | FormData,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T> {
  const request: RequestInit = { method, headers };
  if (signal) request.signal = signal;
  if (body instanceof FormData) request.body = body;
  else if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...headers, "Content-Type": "application/json" };
  }
  return (await fetched(address, request)) as T;
}

/** The JSON of an address and its ETag: what is sent with it is refused where somebody changed it since. */
export async function tagged<T>(address: Address): Promise<{ found: T; tag: string | null }> {
  const response = await waiting(answered(address, { cache: "no-store" }));
  return { found: (await response.json()) as T, tag: response.headers.get("ETag") };
}

/** What went wrong, as a problem that can be shown. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(t("common.failed"), String(error), "error");
}

let slow = 0; // answers that have been waited for so long that it is said

async function waiting<T>(answer: Promise<T>): Promise<T> {
  let late = false;
  const said = setTimeout(() => {
    late = true;
    tellSlow(1);
  }, PATIENCE);
  try {
    return await answer;
  } finally {
    clearTimeout(said);
    if (late) tellSlow(-1);
  }
}

function tellSlow(more: 1 | -1): void {
  slow += more;
  byId("waiting", HTMLElement).textContent = slow ? t("common.waiting") : "";
}

async function fetched(address: Address, request: RequestInit): Promise<unknown> {
  const response = await answered(address, request);
  const body: unknown = await response.json().catch(() => null);
  if (body !== null || response.status === 204) return body;
  throw new Problem(t("common.no_answer"), t("common.answered", { status: response.status }));
}

async function answered(address: Address, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...request, headers: { ...request.headers, ...WORDS } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(t("common.no_answer"), t("common.unreachable"));
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  const { type, title, detail } = (body ?? {}) as Partial<Record<"type" | "title" | "detail", string>>;
  throw new Problem(
    problemTitle(type ?? "") ?? title ?? t("common.no_answer"),
    detail ?? t("common.answered", { status: response.status }),
    detail === undefined ? "" : (type ?? "error"),
    response.status,
    Number(response.headers.get("Retry-After") ?? 0),
  );
}
