// One key for each action; they rest while one writes, in dialogs, and where somebody turns them off.

const KEPT = "holotype.keys";

export class Keys {
  private readonly actions = new Map<string, HTMLButtonElement>();

  constructor(private readonly toggle: HTMLInputElement) {
    toggle.checked = localStorage.getItem(KEPT) !== "off";
    toggle.addEventListener("change", () => {
      localStorage.setItem(KEPT, toggle.checked ? "on" : "off");
    });
    document.addEventListener("keydown", (event) => this.press(event));
  }

  /** Lets a key press a button. */
  add(button: HTMLButtonElement): void {
    const key = button.dataset["key"];
    if (!key) return;
    this.actions.set(key, button);
    button.setAttribute("aria-keyshortcuts", key.toUpperCase());
  }

  private press(event: KeyboardEvent): void {
    if (!this.toggle.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.repeat || isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const button = this.actions.get(event.key.toLowerCase());
    if (!button || button.disabled || button.closest("[hidden]")) return;
    event.preventDefault();
    button.click();
  }
}

function isWriting(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}
