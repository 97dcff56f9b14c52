// Asking the service, and what it says is wrong.

import type { Address } from "./addresses";
import { el } from "./dom";
import { language, problemTitle, t } from "./strings";

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

/** The JSON of an address. */
export async function get<T>(address: Address, signal?: AbortSignal): Promise<T> {
  return (await fetched(address, signal ? { signal } : {})) as T;
}

/** The bytes of an address. */
export async function bytes(address: Address, signal: AbortSignal): Promise<ArrayBuffer> {
  return (await answered(address, { signal })).arrayBuffer();
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

/** The ETag of an address: what is sent with it is refused where somebody changed it since. */
export async function tagOf(address: Address): Promise<string | null> {
  return (await fetch(address, { cache: "no-store" })).headers.get("ETag");
}

/** What went wrong, as a problem that can be shown. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(t("common.failed"), String(error), "error");
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
    response = await fetch(address, request);
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
