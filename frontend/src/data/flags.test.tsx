import { waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { refuse } from "../test/api";
import { aConfig } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { useImportProgressFlag } from "./flags";

function flag(answer: unknown) {
  return renderHookWithApp(useImportProgressFlag, { api: { "GET /api/config": answer } });
}

describe("useImportProgressFlag", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([true, false])("is what the server says (%s), as soon as that is known", async (isOn) => {
    const { current, queryClient } = flag(aConfig({ features: { import_progress: isOn } }));
    expect(current()).toBe(false);
    await waitFor(() => expect(queryClient.isFetching()).toBe(0));
    await waitFor(() => expect(current()).toBe(isOn));
  });

  it("is off where it was switched off when the page was built", async () => {
    vi.stubEnv("VITE_ENABLE_IMPORT_PROGRESS", "false");
    const { answers, queryClient } = flag(aConfig({ features: { import_progress: true } }));
    await waitFor(() => expect(queryClient.isFetching()).toBe(0));
    expect(answers).not.toContain(true);
  });

  it.each([
    ["nothing of features", { ...aConfig(), features: undefined }],
    ["nothing of this one", { ...aConfig(), features: {} }],
    ["nothing at all", {}],
  ])("is on where the server says %s", async (_what, config) => {
    const { current } = flag(config);
    await waitFor(() => expect(current()).toBe(true));
  });

  it.each([404, 503])(
    "is on where the server fails for good with %s, and stays so while it is asked again",
    async (status) => {
      const { answers, current, queryClient } = flag(() => refuse(status));
      await waitFor(() => expect(current()).toBe(true));
      const before = answers.length;
      await queryClient.refetchQueries();
      expect(answers.slice(before)).not.toContain(false);
    },
  );
});
