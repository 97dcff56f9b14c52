// Why an answer is what it is, in the language of the page.

import { count, decimal, figure, language, number, rankWord, t } from "../shared/strings";
import type { Answer } from "./questions";

/** The reason: in English as every door says it, in other languages in short. */
export function why(answer: Answer, wanted: number): string {
  if (language === "en") return answer.why;
  const best = answer.neighbours[0];
  if (!best) return answer.why;
  const unnamed = answer.unnamed?.specimens.length ?? 0;
  const like = unnamed ? count("answer.why.unnamed", unnamed) : "";
  const near = { name: best.species || best.image_id, score: decimal(best.score, 2) };
  return `${like}${reason(answer, wanted)}${t("answer.why.nearest", near)}`;
}

function reason(answer: Answer, wanted: number): string {
  const ranks = Object.keys(answer.ranks);
  const finest = ranks.at(-1);
  if (answer.novelty_in_words === "entirely") return t("answer.why.far");
  if (finest === undefined) return t("answer.why.nameless");
  const votes = answer.calibration === "none";
  const found = answer.determination;
  if (!found) {
    const said = { ...likeliest(answer, finest), wanted: number(100 * wanted) };
    return t(votes ? "answer.why.none_votes" : "answer.why.none", said);
  }
  const doubtful = found.rank !== finest;
  const but = doubtful ? t("answer.why.but", likeliest(answer, finest)) : "";
  const said = { ...likeliest(answer, found.rank), but };
  return t(votes ? "answer.why.votes" : "answer.why.agree", said);
}

/** The likeliest taxon of a rank, with the rank's word, and how likely it is. */
function likeliest(answer: Answer, rank: string): { name: string; percent: string } {
  const first = answer.ranks[rank]?.[0];
  const taxon = first?.taxon ?? "";
  return {
    name: rank === "species" ? taxon : `${taxon} (${rankWord(rank)})`,
    percent: figure(first?.percent ?? "").replaceAll(" ", "\u00a0"),
  };
}
