import { useLocation } from "wouter";
import { useCreateList } from "../../data/queries";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { ListNameForm } from "./ListNameForm";
import styles from "./Onboarding.module.css";

/** Shown before there is any list: the reader creates the first one. */
export function Onboarding() {
  const text = useText();
  const [, navigate] = useLocation();
  const creation = useCreateList();
  const create = (name: string) => creation.mutate(name, { onSuccess: (list) => navigate(`/lists/${list.id}`) });
  return (
    <EmptyState level={1} title={text("start.title")} text={text("start.text")}>
      <div className={styles.step}>
        <ListNameForm
          submitLabel={text("sidebar.create")}
          isBusy={creation.isPending}
          error={creation.error}
          onSubmit={create}
        />
        <Button isBusy={creation.isPending} onClick={() => create(text("start.default"))}>
          {text("start.begin")}
        </Button>
      </div>
    </EmptyState>
  );
}
