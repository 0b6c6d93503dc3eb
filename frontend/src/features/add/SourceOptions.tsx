import { type FormEvent, useId, useState } from "react";
import type { ChannelTab, VideoFilter } from "../../api/types";
import type { SourceRequest } from "../../data/queries";
import { kindOf, tabOf } from "../../data/youtube";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { FilterFields, NO_FILTER } from "../../ui/FilterFields";
import { TabChoice } from "../../ui/TabChoice";
import styles from "./SourceOptions.module.css";

interface Props {
  wanted: SourceRequest;
  isDisabled: boolean;
  /** Of the request with the filter that was applied last. */
  error: unknown;
  onTab: (tab: ChannelTab) => void;
  onFilter: (filter: VideoFilter) => void;
}

/** What of a playlist or channel is imported. A filter is applied when it is complete: every preview asks YouTube. */
export function SourceOptions({ wanted, isDisabled, error, onTab, onFilter }: Props) {
  const text = useText();
  const id = useId();
  const [filter, setFilter] = useState(NO_FILTER);
  const apply = (event: FormEvent) => {
    event.preventDefault();
    onFilter(filter);
  };
  return (
    <>
      {kindOf(wanted.source) === "channel" && (
        <div className={styles.tab}>
          <label htmlFor={`${id}-tab`}>{text("adding.tab")}</label>
          <TabChoice
            id={`${id}-tab`}
            tab={wanted.tab ?? tabOf(wanted.source)}
            isDisabled={isDisabled}
            onChange={onTab}
          />
        </div>
      )}
      <details className={styles.filter}>
        <summary>{text("adding.filter")}</summary>
        <form className={styles.form} onSubmit={apply} noValidate>
          <FilterFields filter={filter} error={error} onChange={setFilter} />
          <Button type="submit" className={styles.apply} disabled={isDisabled}>
            {text("adding.filter.apply")}
          </Button>
        </form>
      </details>
    </>
  );
}
