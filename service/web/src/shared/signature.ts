// Who decides: a name that is asked for once and remembered by the browser.

import { Problem } from "./api";
import { t } from "./strings";

const KEPT = "holotype.by";

/** Lets every field of the page with the class `signature` hold the name. */
export function keepSignature(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input.signature")) {
    field.value = localStorage.getItem(KEPT) ?? "";
    field.addEventListener("input", () => localStorage.setItem(KEPT, field.value.trim()));
  }
}

/** The name of who decides; where there is none, it is asked for and the decision waits. */
export function signature(): string {
  const by = (localStorage.getItem(KEPT) ?? "").trim();
  if (by) return by;
  document.querySelector<HTMLInputElement>("input.signature")?.focus();
  throw new Problem("", t("common.sign_first"), 0);
}
