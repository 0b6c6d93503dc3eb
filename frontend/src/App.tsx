import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation, useRoute } from "wouter";
import styles from "./App.module.css";
import { makeQueryClient } from "./api/queryClient";
import { BatchBanner } from "./components/BatchBanner";
import { CrashNotice } from "./components/CrashNotice";
import { Header } from "./components/Header";
import { PauseNotice } from "./components/PauseNotice";
import { Sidebar } from "./components/Sidebar";
import { Spinner } from "./components/Spinner";
import { Toasts } from "./components/Toasts";
import { WebSocketProvider } from "./components/WebSocketProvider";
import { useIsNarrow } from "./hooks/useIsNarrow";
import { useScrollPlaces } from "./hooks/useScrollPlaces";
import { useText } from "./i18n";
import { HomePage } from "./pages/HomePage";
import { ListPage } from "./pages/ListPage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { usePreferences } from "./stores/preferences";

const AddPage = lazy(async () => ({ default: (await import("./pages/AddPage")).AddPage }));
const SubscriptionsPage = lazy(async () => ({
  default: (await import("./pages/SubscriptionsPage")).SubscriptionsPage,
}));
const VideoPage = lazy(async () => ({ default: (await import("./pages/VideoPage")).VideoPage }));

const queryClient = makeQueryClient();

export function App() {
  useAnswersInMyLanguage();
  return (
    <CrashNotice>
      <QueryClientProvider client={queryClient}>
        <WebSocketProvider>
          <Frame />
        </WebSocketProvider>
      </QueryClientProvider>
    </CrashNotice>
  );
}

/** The API words its sentences for the language of the request. */
function useAnswersInMyLanguage() {
  useEffect(
    () =>
      usePreferences.subscribe(({ language }, before) => {
        if (language !== before.language) void queryClient.invalidateQueries();
      }),
    [],
  );
}

function Frame() {
  const text = useText();
  const isNarrow = useIsNarrow();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useFocusOnNavigation();
  useScrollPlaces();
  const [location] = useLocation();
  const [, list] = useRoute("/lists/:listId");
  return (
    <>
      <a className={styles.skip} href="#content">
        {text("app.skip")}
      </a>
      <Header {...(isNarrow && { onMenu: () => setMenuOpen(true), isMenuOpen })} />
      <div className={styles.frame}>
        <Sidebar isDrawer={isNarrow} isOpen={isMenuOpen} onClose={() => setMenuOpen(false)} />
        {/* Beside the field for adding by keyboard too; after the page, they would be behind all of its cards. */}
        <Toasts />
        <main ref={main} id="content" className={styles.main} tabIndex={-1}>
          <PauseNotice />
          {list && <BatchBanner listId={list.listId} />}
          <CrashNotice key={location}>
            <Suspense fallback={<Spinner />}>
              <Pages />
            </Suspense>
          </CrashNotice>
        </main>
      </div>
    </>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={HomePage} />
      <Route path="/lists/:listId" component={ListPage} />
      <Route path="/videos/:videoId" component={VideoPage} />
      <Route path="/subscriptions" component={SubscriptionsPage} />
      <Route path="/add" component={AddPage} />
      <Route component={NotFoundPage} />
    </Switch>
  );
}

/** After going to another page, the keyboard and screen readers begin with that page instead of nowhere. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  const shown = useRef(location);
  useEffect(() => {
    if (shown.current === location) return;
    shown.current = location;
    // Before anybody did anything, "/" has led on by itself: the keyboard then begins at the top of the page.
    if (navigator.userActivation?.hasBeenActive !== false) main.current?.focus({ preventScroll: true });
  }, [location]);
  return main;
}
