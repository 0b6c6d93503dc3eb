import { waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { aConfig } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { useImportProgressFlag } from "./flags";

function flag(atRunTime: boolean) {
  return renderHookWithApp(useImportProgressFlag, {
    api: { "GET /api/config": aConfig({ features: { import_progress: atRunTime } }) },
  });
}

describe("useImportProgressFlag", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is on where nobody switched it off, as soon as that is known", async () => {
    const { current } = flag(true);
    expect(current()).toBe(false);
    await waitFor(() => expect(current()).toBe(true));
  });

  it.each([
    ["at run time", "true", false],
    ["when the page was built", "false", true],
  ])("is off where it was switched off %s", async (_when, atBuildTime, atRunTime) => {
    vi.stubEnv("VITE_ENABLE_IMPORT_PROGRESS", atBuildTime);
    const { current, queryClient } = flag(atRunTime);
    await waitFor(() => expect(queryClient.isFetching()).toBe(0));
    expect(current()).toBe(false);
  });
});
