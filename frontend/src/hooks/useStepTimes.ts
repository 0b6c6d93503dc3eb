import { useEffect, useState } from "react";
import { STEP_PERCENT, type StepName } from "../lib/importSteps";
import type { KnownProgress } from "../stores/progress";

export type StepTimes = Partial<Record<StepName | "error", string>>;

/** When steps were reached, as far as that was told while the page was open: nobody keeps it for later. */
export function useStepTimes(progress: KnownProgress | undefined): StepTimes {
  const [times, setTimes] = useState<StepTimes>({});
  useEffect(() => {
    const step = progress && reachedStep(progress);
    const at = progress?.at;
    if (step && at) setTimes((known) => ({ ...known, [step]: at }));
  }, [progress]);
  return times;
}

/** The step whose end this tells. Sub-progress tells of none; most snapshots have no time. */
function reachedStep({ stage, progress }: KnownProgress): StepName | "error" | null {
  if (stage === "error") return stage;
  return STEP_PERCENT[stage] === progress ? stage : null;
}
