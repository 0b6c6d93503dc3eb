import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { fetchPreview } from "../api/queries";
import { installApi } from "../test/api";
import { keepTabsInStep } from "./tabs";

class FakeChannel {
  static open: FakeChannel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor() {
    FakeChannel.open.push(this);
  }
  postMessage(data: unknown) {
    for (const other of FakeChannel.open) if (other !== this) other.onmessage?.({ data });
  }
  close() {
    FakeChannel.open = FakeChannel.open.filter((channel) => channel !== this);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("reads again in the other tabs what one of them has changed", async () => {
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const [here, there] = [new QueryClient(), new QueryClient()];
  const stops = [here, there].map(keepTabsInStep);
  for (const client of [here, there]) {
    client.setQueryData(["lists"], []);
    client.setQueryData(["config"], {});
  }
  await here
    .getMutationCache()
    .build(here, { mutationFn: async () => "renamed" })
    .execute(undefined);
  expect(there.getQueryState(["lists"])?.isInvalidated).toBe(true);
  expect(there.getQueryState(["config"])?.isInvalidated).toBe(false);
  expect(here.getQueryState(["lists"])?.isInvalidated).toBe(false);
  for (const stop of stops) stop();
  expect(FakeChannel.open).toEqual([]);
});

it("leaves open previews alone, which cost calls to YouTube and tell nothing new", async () => {
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const { requests } = installApi({ "POST /api/lists/{id}/imports/preview": { new: 1 } });
  const clients = [new QueryClient(), new QueryClient()];
  const stops = clients.map(keepTabsInStep);
  const previews = clients.map((client) => {
    const queryFn = ({ signal }: { signal: AbortSignal }) => fetchPreview("a", { urls: ["b"] }, signal);
    return new QueryObserver(client, { queryKey: ["preview", "1"], queryFn }).subscribe(() => {});
  });
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  const [here, there] = clients as [QueryClient, QueryClient];
  await here
    .getMutationCache()
    .build(here, { mutationFn: async () => "added" })
    .execute(undefined);
  expect(there.isFetching({ queryKey: ["preview"] })).toBe(0);
  for (const stop of [...previews, ...stops]) stop();
});

it("does without where the browser has no channels", () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  expect(keepTabsInStep(new QueryClient())).not.toThrow();
});
