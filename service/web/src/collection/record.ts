// What is recorded of an image, and correcting it.

import { addressOf } from "../shared/addresses";
import { problemOf, send, tagged } from "../shared/api";
import { el, onPress } from "../shared/dom";
import type { ImageRecord } from "../shared/records";
import { fieldWord as word, t } from "../shared/strings";

const FIELDS = [
  ...["date", "locality", "latitude", "longitude", "institution"],
  ...["licence", "rights_holder", "source"],
];

/** The record of an image; whoever may write can correct it. */
export function recordOf(image: ImageRecord, mayWrite: boolean): HTMLElement {
  const place = el("div", {});
  show(place, image, mayWrite);
  return place;
}

function show(place: HTMLElement, image: ImageRecord, mayWrite: boolean): void {
  const { width, height, split } = image;
  const known = FIELDS.flatMap((name) => {
    const value = image.details[name];
    return value ? [[word(name), value] as const] : [];
  });
  const rows = [
    [word("image"), image.image_id] as const,
    ...known,
    ...(split ? [[word("split"), split] as const] : []),
    ...(width ? [[word("size"), t("collection.pixels", { width, height })] as const] : []),
    ...Object.entries(image.metadata),
  ];
  const terms = rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  const edit = el("button", { type: "button", class: "link" }, t("collection.edit"));
  const wrong = el("span", { class: "wrong", role: "alert" });
  onPress(edit, () =>
    form(place, image.image_id).catch((error: unknown) =>
      wrong.replaceChildren(...problemOf(error).told()),
    ),
  );
  place.replaceChildren(
    el("dl", { class: "record" }, ...terms),
    ...(mayWrite ? [el("p", { class: "edit" }, edit, " ", wrong)] : []),
  );
}

/** Let the record be corrected as it is now, which may be another than was shown. */
async function form(place: HTMLElement, id: string): Promise<void> {
  const address = addressOf`v1/images/${id}`;
  const { found: image, tag: seen } = await tagged<ImageRecord>(address);
  const inputs = FIELDS.map((name) => {
    const input = el("input", { name, id: `${encodeURIComponent(id)}-${name}`, autocomplete: "off", maxlength: "2000" });
    input.value = image.details[name] ?? "";
    return input;
  });
  const leave = el("button", { type: "button", class: "button" }, t("common.cancel"));
  leave.addEventListener("click", () => back(image));
  const back = (shown: ImageRecord): void => {
    show(place, shown, true);
    place.querySelector<HTMLElement>(".edit button")?.focus();
  };
  const save = el("button", { class: "button first" }, t("collection.save"));
  const wrong = el("p", { class: "wrong", role: "alert" });
  const made = el(
    "form",
    { class: "record-form" },
    ...inputs.map((input) =>
      el("p", { class: "field" }, el("label", { for: input.id }, word(input.name)), input),
    ),
    wrong,
    el("div", { class: "buttons" }, save, leave),
  );
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = changed(image, inputs);
    if (!Object.keys(said).length) return back(image);
    save.disabled = true;
    try {
      const headers: Record<string, string> = seen ? { "If-Match": seen } : {};
      back(await send<ImageRecord>("PATCH", address, said, undefined, headers));
    } catch (error) {
      wrong.replaceChildren(...problemOf(error).told());
      save.disabled = false;
    }
  });
  place.replaceChildren(made);
  inputs[0]?.focus();
}

/** The fields that differ; one that was emptied is taken away. */
function changed(image: ImageRecord, inputs: HTMLInputElement[]): Record<string, string | null> {
  const said = inputs.map((input) => [input.name, input.value.trim()] as const);
  const other = said.filter(([name, value]) => value !== (image.details[name] ?? ""));
  return Object.fromEntries(other.map(([name, value]) => [name, value || null]));
}

