import type { ChannelTab } from "../api/types";
import { useText } from "../i18n";
import { Select } from "./Select";

interface Props {
  id: string;
  tab: ChannelTab;
  isDisabled?: boolean;
  onChange: (tab: ChannelTab) => void;
}

const TABS: readonly ChannelTab[] = ["videos", "shorts", "streams"];

/** Chooses which of a channel's lists is meant. */
export function TabChoice({ id, tab, isDisabled = false, onChange }: Props) {
  const text = useText();
  return (
    <Select
      id={id}
      value={tab}
      disabled={isDisabled}
      onChange={(event) => onChange(TABS.find((known) => known === event.target.value) ?? tab)}
    >
      {TABS.map((known) => (
        <option key={known} value={known}>
          {text(`adding.tab.${known}`)}
        </option>
      ))}
    </Select>
  );
}
