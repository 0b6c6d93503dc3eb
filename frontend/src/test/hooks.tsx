import { renderWithApp } from "./render";

type Options = Parameters<typeof renderWithApp>[1];

/** Calls a hook as a component within the app would; `current()` is what it answered last. */
export function renderHookWithApp<T>(useHook: () => T, options?: Options) {
  const answers: T[] = [];
  function Probe() {
    answers.push(useHook());
    return null;
  }
  const rendered = renderWithApp(<Probe />, options);
  return { ...rendered, answers, current: () => answers.at(-1) as T };
}
