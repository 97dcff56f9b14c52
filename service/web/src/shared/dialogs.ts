// Small questions to the person at the screen, in dialogs that the keyboard can leave.

import { problemOf } from "./api";
import { el } from "./dom";
import { t } from "./strings";

const NAME = "holotype.name";

let asked: Promise<string | null> | null = null;

/** The name that decisions are signed with: asked for once, and remembered; null if declined. */
export function signature(): Promise<string | null> {
  const known = localStorage.getItem(NAME);
  if (known) return Promise.resolve(known);
  asked ??= askSignature().finally(() => (asked = null));
  return asked;
}

/** Ask for the name to sign with, also where one is remembered. */
export async function askSignature(): Promise<string | null> {
  const name = await askText({
    title: t("common.sign_title"),
    text: t("common.sign_why"),
    label: t("common.sign_label"),
    value: localStorage.getItem(NAME) ?? "",
    submit: t("common.sign_submit"),
    autocomplete: "name",
  });
  if (name) localStorage.setItem(NAME, name);
  document.dispatchEvent(new CustomEvent("signed"));
  return name;
}

/** "Signed as Name", and a button that changes it; empty before there is one. */
export function signedAs(): HTMLElement {
  const shown = el("p", { class: "quiet signed" });
  const draw = (): void => {
    const name = localStorage.getItem(NAME);
    const change = el("button", { type: "button", class: "link" }, t("common.sign_change"));
    change.addEventListener("click", () => void askSignature());
    shown.replaceChildren(...(name ? [t("common.signed", { name }), " ", change] : []));
  };
  document.addEventListener("signed", draw);
  draw();
  return shown;
}

export interface TextQuestion {
  title: string;
  text?: string;
  label: string;
  value?: string;
  submit: string;
  autocomplete?: string;
  /** What may be chosen with one click: what is shown, and the text that it stands for. */
  choices?: { shown: Node | string; value: string }[];
  /** What is offered while one types. */
  offered?: Promise<string[]>;
  /** What is done with the text; where that is refused, the dialog stays and says why. */
  work?: (said: string) => Promise<void>;
}

/** Ask for one line of text, and do what it is asked for; null where nothing was said. */
export function askText(question: TextQuestion): Promise<string | null> {
  const input = el("input", {
    id: "asked-text",
    type: "text",
    autocomplete: question.autocomplete ?? "off",
    spellcheck: "false",
    required: true,
    maxlength: "500",
    list: "asked-offered",
    "aria-describedby": "asked-refused",
  });
  input.value = question.value ?? "";
  const offered = el("datalist", { id: "asked-offered" });
  void question.offered?.then((names) => {
    offered.replaceChildren(...names.map((value) => el("option", { value })));
  });
  const choices = (question.choices ?? []).map(({ shown, value }) => {
    const button = el("button", { type: "button", class: "button" }, shown);
    button.addEventListener("click", () => {
      input.value = value;
      form.requestSubmit();
    });
    return el("li", {}, button);
  });
  const refused = el("p", { id: "asked-refused", class: "wrong", role: "alert" });
  let busy = false; // what is being done cannot be left half done
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "asked-title" }, question.title),
    question.text ? el("p", { class: "quiet" }, question.text) : null,
    choices.length ? el("ul", { class: "choices" }, ...choices) : null,
    el("p", { class: "field" }, el("label", { for: "asked-text" }, question.label), input, offered),
    refused,
    buttons(question.submit, () => busy || dialog.close("")),
  );
  const dialog = opened(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = input.value.trim();
    if (busy) return;
    busy = true;
    refused.textContent = "";
    form.setAttribute("aria-busy", "true");
    try {
      await question.work?.(said);
      dialog.close(said);
    } catch (error) {
      refused.replaceChildren(...problemOf(error).told());
      input.focus();
    }
    input.setAttribute("aria-invalid", String(refused.textContent !== ""));
    form.removeAttribute("aria-busy");
    busy = false;
  });
  dialog.addEventListener("cancel", (event) => {
    if (busy) event.preventDefault();
  });
  input.focus();
  input.select();
  return closed(dialog).then((said) => said || null);
}

/** Ask whether to do something; each text is a paragraph. */
export function confirmed(title: string, texts: string[], submit: string): Promise<boolean> {
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "asked-title" }, title),
    ...texts.map((text) => el("p", {}, text)),
    buttons(submit, () => dialog.close("")),
  );
  const dialog = opened(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close("yes");
  });
  return closed(dialog).then((said) => said === "yes");
}

function buttons(submit: string, cancel: () => unknown): HTMLElement {
  const leave = el("button", { type: "button", class: "button" }, t("common.cancel"));
  leave.addEventListener("click", cancel);
  return el("p", { class: "buttons" }, el("button", { class: "button first" }, submit), leave);
}

/** Open a dialog with some content, which is titled by its #asked-title. */
function opened(content: HTMLElement): HTMLDialogElement {
  const dialog = el("dialog", { class: "asked", "aria-labelledby": "asked-title" }, content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function closed(dialog: HTMLDialogElement): Promise<string> {
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue);
    });
  });
}
