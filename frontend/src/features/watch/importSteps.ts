/** The steps of an import, as far as they are known. */
import type { CardImport } from "../videos/cardState";

export type StepName = "created" | "metadata" | "captions" | "chapters" | "complete";
export type StepState = "done" | "current" | "waiting" | "open" | "failed";

export interface ImportStep {
  name: StepName;
  state: StepState;
}

/** The percentage that a step reaches when it is done; also of an import that failed later. */
const STEP_PERCENT: Readonly<Record<StepName, number>> = {
  created: 0,
  metadata: 25,
  captions: 60,
  chapters: 90,
  complete: 100,
};

const NAMES = Object.keys(STEP_PERCENT) as StepName[];

/** Every step up to the percentage is done; what follows it is where the import is, waits or ended. */
export function importSteps({ state, progress }: Pick<CardImport, "state" | "progress">): ImportStep[] {
  const isComplete = state === "complete" || state === "partial";
  const reached = NAMES.filter((name) => isComplete || progress >= STEP_PERCENT[name]).length;
  return NAMES.map((name, place) => ({ name, state: stateAt(place, reached, state) }));
}

function stateAt(place: number, reached: number, state: CardImport["state"]): StepState {
  if (place !== reached) return place < reached ? "done" : "open";
  if (state === "error") return "failed";
  return state === "importing" ? "current" : "waiting";
}
