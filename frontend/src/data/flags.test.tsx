import { waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { refuse } from "../test/api";
import { aConfig } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { useImportProgressFlag, useIsFlagKnown } from "./flags";

const useFlag = () => ({ isKnown: useIsFlagKnown(), isOn: useImportProgressFlag() });

function flag(answer: unknown) {
  return renderHookWithApp(useFlag, { api: { "GET /api/config": answer } });
}

describe("useImportProgressFlag", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([true, false])("is what the server says (%s), as soon as that is known", async (isOn) => {
    const { answers, current } = flag(aConfig({ features: { import_progress: isOn } }));
    expect(current()).toEqual({ isKnown: false, isOn: false });
    await waitFor(() => expect(current()).toEqual({ isKnown: true, isOn }));
    expect(answers.every((answer) => answer.isKnown || !answer.isOn)).toBe(true);
  });

  it("is off and known at once where it was switched off when the page was built", async () => {
    vi.stubEnv("VITE_ENABLE_IMPORT_PROGRESS", "false");
    const { answers, queryClient } = flag(aConfig({ features: { import_progress: true } }));
    await waitFor(() => expect(queryClient.isFetching()).toBe(0));
    expect(answers.every(({ isKnown, isOn }) => isKnown && !isOn)).toBe(true);
  });

  it.each([
    ["nothing of features", { ...aConfig(), features: undefined }],
    ["nothing of this one", { ...aConfig(), features: {} }],
    ["nothing at all", {}],
  ])("is on where the server says %s", async (_what, config) => {
    const { current } = flag(config);
    await waitFor(() => expect(current()).toEqual({ isKnown: true, isOn: true }));
  });

  it.each([404, 503])(
    "is on where the server fails for good with %s, and stays so while it is asked again",
    async (status) => {
      const { answers, current, queryClient } = flag(() => refuse(status));
      await waitFor(() => expect(current()).toEqual({ isKnown: true, isOn: true }));
      const before = answers.length;
      await queryClient.refetchQueries();
      expect(answers.slice(before).every(({ isKnown, isOn }) => isKnown && isOn)).toBe(true);
    },
  );
});
