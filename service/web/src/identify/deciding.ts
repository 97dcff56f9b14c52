// What can be done about one new specimen, beside its answer.

import { addressOf } from "../shared/addresses";
import { signedAs } from "../shared/dialogs";
import { el, taxonName } from "../shared/dom";
import { sentence, t } from "../shared/strings";
import { type Item, answered } from "./items";
import type { Action } from "./sheet";

/** The buttons of an item, or what was decided and the way back. */
export function deciding(item: Item, several: boolean, act: (action: Action) => void): HTMLElement[] {
  const button = (action: Action, label: Node | string, kind = "button"): HTMLElement => {
    const made = el("button", { type: "button", class: kind }, label);
    made.addEventListener("click", () => act(action));
    return made;
  };
  const wrong = item.problem ? [el("p", { class: "wrong", role: "alert" }, ...item.problem.told())] : [];
  if (item.busy) return [el("p", { class: "quiet", role: "status" }, t("identify.storing"))];
  if (item.decision) {
    return [
      el("p", { role: "status" }, ...decided(item)),
      ...item.notes.map((note) => el("p", { class: "quiet", lang: "en" }, note)),
      ...wrong,
      el("p", {}, button("undo", t("identify.undo"), "link")),
    ];
  }
  if (!item.answer) return wrong;
  const name = answered(item);
  const accept = name
    ? el("span", {}, ...sentence("identify.accept_as", { name: taxonName(name.taxon, name.rank) }))
    : null;
  return [
    el("h2", {}, t("identify.decide")),
    ...wrong,
    el(
      "div",
      { class: "buttons" },
      ...(accept ? [button("accept", accept, "button first")] : []),
      button("correct", name ? t("identify.correct") : t("identify.name_it")),
      button("keep", t("identify.keep")),
      ...(several ? [button("aside", t("identify.set_aside"))] : []),
    ),
    el("p", { class: "quiet" }, t("identify.decide_how")),
    signedAs(),
  ];
}

function decided(item: Item): (Node | string)[] {
  if (item.decision === "aside") return [t("identify.mark_aside")];
  const id = item.stored[0]?.imageId ?? "";
  const specimen = el("a", { href: addressOf`specimens/${id}` }, id);
  if (!item.called) return sentence("identify.kept_as", { specimen });
  const name = taxonName(item.called.taxon, item.called.rank || "species");
  return sentence("identify.accepted_as", { specimen, name });
}
