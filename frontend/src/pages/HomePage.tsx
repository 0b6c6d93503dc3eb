import { Redirect } from "wouter";
import { useLists } from "../api/queries";
import { ErrorNotice } from "../components/ErrorNotice";
import { FirstRun } from "../components/FirstRun";
import { Spinner } from "../components/Spinner";
import { useTitle } from "../hooks/useTitle";
import { usePreferences } from "../stores/preferences";

/** Leads to the list that was open last, or to the newest; without any, to the first one. */
export function HomePage() {
  const { data: lists, error, isPending, refetch } = useLists();
  const lastListId = usePreferences((preferences) => preferences.lastListId);
  useTitle(null);
  if (isPending) return <Spinner />;
  if (!lists) return <ErrorNotice error={error} onRetry={refetch} />;
  const list = lists.find(({ id }) => id === lastListId) ?? lists[0];
  return list ? <Redirect to={`/lists/${list.id}`} replace /> : <FirstRun />;
}
