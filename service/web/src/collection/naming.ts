// Giving a stored specimen a name, and taking one back.

import { askText, signature } from "../shared/dialogs";
import { type Naming, determine, undoDetermination } from "../shared/records";
import { t } from "../shared/strings";

/** Ask for a name and give it; false where nothing was said. */
export async function correct(give: (name: string, rank: string) => Promise<boolean>): Promise<boolean> {
  if ((await signature()) === null) return false;
  const said = await askText({
    title: t("collection.correct_title"),
    text: t("collection.correct_how"),
    label: t("collection.correct_label"),
    submit: t("collection.correct_submit"),
    work: async (said) => {
      const [, rank, name] = /^(\w+)=(.+)$/.exec(said) ?? [];
      await give(name ?? said, rank ?? "");
    },
  });
  return said !== null;
}

/** Give a name; false where it was not signed. */
export async function call(naming: Naming): Promise<boolean> {
  const by = await signature();
  if (by === null) return false;
  await determine({ ...naming, by });
  return true;
}

export async function takeBack(determinationId: number): Promise<boolean> {
  const by = await signature();
  if (by === null) return false;
  await undoDetermination(determinationId, by);
  return true;
}
