import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation, useRoute } from "wouter";
import { makeQueryClient } from "../data/queryClient";
import { BatchBanner } from "../features/batches/BatchBanner";
import { Sidebar } from "../features/lists/Sidebar";
import { PauseNotice } from "../features/upstreams/PauseNotice";
import { useText } from "../i18n";
import { HomePage } from "../pages/HomePage";
import { ListPage } from "../pages/ListPage";
import { NotFoundPage } from "../pages/NotFoundPage";
import { usePreferences } from "../state/preferences";
import { CrashNotice } from "../ui/CrashNotice";
import { Spinner } from "../ui/Spinner";
import { Toasts } from "../ui/Toasts";
import { useIsNarrow } from "../ui/useIsNarrow";
import { useScrollRestoration } from "../ui/useScrollRestoration";
import styles from "./App.module.css";
import { ConnectionNotice } from "./ConnectionNotice";
import { Header } from "./Header";
import { VersionsNote } from "./VersionsNote";
import { WebSocketProvider } from "./WebSocketProvider";

const AddPage = lazy(async () => ({ default: (await import("../pages/AddPage")).AddPage }));
const SubscriptionsPage = lazy(async () => ({
  default: (await import("../pages/SubscriptionsPage")).SubscriptionsPage,
}));
const VideoPage = lazy(async () => ({ default: (await import("../pages/VideoPage")).VideoPage }));

const queryClient = makeQueryClient();

export function App() {
  useRefetchOnLanguageChange();
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

/** The API answers in the language of the request. */
function useRefetchOnLanguageChange() {
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
  useScrollRestoration();
  const [location] = useLocation();
  const [, list] = useRoute("/lists/:listId");
  return (
    <>
      <a className={styles.skip} href="#content">
        {text("app.skip")}
      </a>
      <Header {...(isNarrow && { onMenu: () => setMenuOpen(true), isMenuOpen })} />
      <div className={styles.frame}>
        <Sidebar isDrawer={isNarrow} isOpen={isMenuOpen} onClose={() => setMenuOpen(false)} below={<VersionsNote />} />
        {/* Before the page's content in tab order too: after it, they would come behind all cards. */}
        <div className={styles.notices}>
          <ConnectionNotice />
          <Toasts />
        </div>
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

/** After navigation, the keyboard and screen readers start at the new page's content. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const [location] = useLocation();
  const shown = useRef(location);
  useEffect(() => {
    if (shown.current === location) return;
    shown.current = location;
    // A redirect from "/" before any interaction: the keyboard starts at the top of the document.
    if (navigator.userActivation?.hasBeenActive !== false) main.current?.focus({ preventScroll: true });
  }, [location]);
  return main;
}
