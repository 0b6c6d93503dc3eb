import { useLocation } from "wouter";
import { useCreateList } from "../api/queries";
import { useText } from "../i18n";
import { Button } from "./Button";
import { EmptyState } from "./EmptyState";
import styles from "./FirstRun.module.css";
import { ListNameForm } from "./ListNameForm";

/** Before there is any list: one step, which nobody takes but the person. */
export function FirstRun() {
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
