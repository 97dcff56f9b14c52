// Jobs of the service: work that takes longer than an answer.

import { addressOf } from "./addresses";
import { Problem, get, send } from "./api";
import { t } from "./strings";

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

export async function jobs(): Promise<Job[]> {
  return (await get<{ jobs: Job[] }>(addressOf`v1/jobs`)).jobs;
}

export function cancel(id: string): Promise<Job> {
  return send("DELETE", addressOf`v1/jobs/${id}`);
}

/** Look at a job until it is over; `show` is told of every look. */
export async function watch(first: Job, show: (now: Job) => void): Promise<Job> {
  let now = first;
  while (now.state === "running") {
    show(now);
    await new Promise((wake) => setTimeout(wake, PAUSE));
    now = await get<Job>(addressOf`v1/jobs/${first.job_id}`);
  }
  return now;
}

/** Why a job that is over is not done; `otherwise` where it does not say. */
export function failure({ error }: Job, otherwise: string): Problem {
  return error === null ? new Problem("", otherwise) : new Problem(t("common.job_failed"), error, "job");
}
