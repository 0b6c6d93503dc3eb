import { Redirect } from "wouter";
import { useLists } from "../data/queries";
import { Onboarding } from "../features/lists/Onboarding";
import { usePreferences } from "../state/preferences";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Spinner } from "../ui/Spinner";
import { useTitle } from "../ui/useTitle";

/** Leads to the list that was open last, or to the newest; without any, to the first one. */
export function HomePage() {
  const { data: lists, error, isPending, refetch } = useLists();
  const lastListId = usePreferences((preferences) => preferences.lastListId);
  useTitle(null);
  if (isPending) return <Spinner />;
  if (!lists) return <ErrorNotice error={error} onRetry={refetch} />;
  const list = lists.find(({ id }) => id === lastListId) ?? lists[0];
  return list ? <Redirect to={`/lists/${list.id}`} replace /> : <Onboarding />;
}
