import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactElement, ReactNode } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import type { Language } from "../api/types";
import { makeQueryClient } from "../data/queryClient";
import { setLanguage } from "../state/preferences";
import { type ApiHandlers, installApi } from "./api";

interface Options {
  /** Answers by "METHOD /path"; see `ApiHandlers`. */
  api?: ApiHandlers;
  /** Where the page is: "/lists/…?x=y". */
  path?: string;
  language?: Language;
}

/**
 * Renders `ui` as within the app: with queries, a location in memory, and a fake API. Also returns `requests`, those that
 * the API received, and `history`, the visited locations, the current one last.
 */
export function renderWithApp(ui: ReactElement, { api = {}, path = "/", language = "en" }: Options = {}) {
  const { requests } = installApi(api);
  setLanguage(language);
  const queryClient = makeQueryClient({ retryDelay: 1 });
  const { hook, searchHook, history } = memoryLocation({ path, record: true });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queryClient}>
      <Router hook={hook} searchHook={searchHook}>
        {children}
      </Router>
    </QueryClientProvider>
  );
  return { ...render(ui, { wrapper }), user: userEvent.setup(), queryClient, requests, history };
}
