// Jobs of the service: work that takes longer than an answer.

import { addressOf } from "./addresses";
import { Problem, look, problemOf, send } from "./api";
import { t } from "./strings";
import { patiently } from "./turns";

const PAUSE = 500; // milliseconds between two looks at a job

export interface Job {
  job_id: string;
  kind: string;
  state: "running" | "done" | "failed" | "cancelled" | "interrupted";
  /** How much is done; of the phase, where there is one. */
  percent: number;
  phase: string;
  error: string | null;
  result: Record<string, unknown> | null;
}

/** The job of a kind that runs now, whoever began it; null where none does, or nobody can say. */
export async function runningJob(kind: string): Promise<Job | null> {
  const { jobs } = await look<{ jobs: Job[] }>(addressOf`v1/jobs`).catch(() => ({ jobs: [] }));
  return jobs.find((one) => one.state === "running" && one.kind === kind) ?? null;
}

/** Let a button stop a job that runs; `refused` is told why it goes on. */
export function stops(button: HTMLButtonElement, job: () => string, refused: (why: Problem) => void): void {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await send("DELETE", addressOf`v1/jobs/${job()}`);
    } catch (error) {
      button.disabled = false;
      refused(problemOf(error));
    }
  });
}

/** Look at a job until it is over; `show` is told of every look. */
export async function watch(first: Job, show: (now: Job) => void): Promise<Job> {
  let now = first;
  while (now.state === "running") {
    show(now);
    await new Promise((wake) => setTimeout(wake, PAUSE));
    now = await patiently(() => look<Job>(addressOf`v1/jobs/${first.job_id}`));
  }
  return now;
}

/** Why a job that is over is not done; `otherwise` where it does not say. */
export function failure({ error }: Job, otherwise: string): Problem {
  return error === null ? new Problem("", otherwise) : new Problem(t("common.job_failed"), error, "job");
}
