// The collection's page: the tree of taxa, finding one, and adding pictures.

import { Adding } from "./collection/adding";
import { branch } from "./collection/tree";
import { type Taxon, taxa } from "./identify/questions";
import { addressOf } from "./shared/addresses";
import { Problem, get, problemOf } from "./shared/api";
import { byId, el } from "./shared/dom";
import { rankWord, t } from "./shared/strings";

const NOT_FOUND = 404;

const tree = byId("tree", HTMLElement);
const sought = byId("sought", HTMLInputElement);

let known: Promise<Map<string, Taxon>> | null = null;

async function showTree(): Promise<void> {
  tree.replaceChildren(await branch(null));
}

/** The taxa by what is shown of them, listed when somebody is about to write. */
function listed(): Promise<Map<string, Taxon>> {
  known ??= list().catch(() => {
    known = null; // asked again when the field is used again
    return new Map();
  });
  return known;
}

async function list(): Promise<Map<string, Taxon>> {
  const found = await taxa(null);
  const byName = new Map(found.map((one) => [`${one.taxon}, ${rankWord(one.rank)}`, one]));
  const options = [...byName.keys()].map((value) => el("option", { value }));
  byId("known", HTMLDataListElement).replaceChildren(...options);
  return byName;
}

async function find(): Promise<void> {
  const text = sought.value.trim();
  if (!text) return;
  const found = await listed();
  const exact = found.get(text) ?? [...found.values()].find(
    ({ taxon }) => taxon.toLowerCase() === text.toLowerCase(),
  );
  if (exact) {
    location.href = addressOf`taxa/${exact.rank}/${exact.taxon}`;
    return;
  }
  try {
    location.href = addressOf`specimens/${await specimenOf(text)}`;
  } catch (error) {
    sought.setCustomValidity(problemOf(error).words);
    sought.reportValidity();
  }
}

/** The specimen of an id, or of the id of one of its pictures. */
async function specimenOf(id: string): Promise<string> {
  for (const address of [addressOf`v1/specimens/${id}`, addressOf`v1/images/${id}`]) {
    try {
      return (await get<{ specimen_id: string }>(address)).specimen_id;
    } catch (error) {
      if (problemOf(error).status !== NOT_FOUND) throw error;
    }
  }
  throw new Problem(t("common.failed"), t("collection.not_found"));
}

sought.addEventListener("input", () => sought.setCustomValidity(""));
sought.addEventListener("focus", () => void listed());
byId("find", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void find();
});
sought.addEventListener("change", () => {
  void listed().then((found) => {
    if (found.has(sought.value)) void find();
  });
});
if (document.getElementById("adding")) new Adding(() => void showTree());
void showTree();
