import { useFormat, useText } from "../../i18n";
import { Select } from "../../ui/Select";
import { INTERVALS } from "./intervals";

interface Props {
  id?: string;
  /** Spoken name, where no label is beside it. */
  label?: string;
  seconds: number;
  /** Chosen already, and the answer is not there yet: it keeps the focus and does nothing. */
  isBusy?: boolean;
  onChange: (seconds: number) => void;
}

/** Chooses how often to check; offers an interval that was set through the API as well. */
export function IntervalChoice({ id, label, seconds, isBusy = false, onChange }: Props) {
  const text = useText();
  const format = useFormat();
  const isUsual = INTERVALS.some(([known]) => known === seconds);
  return (
    <Select
      id={id}
      aria-label={label}
      value={seconds}
      aria-disabled={isBusy || undefined}
      onChange={(event) => {
        if (!isBusy) onChange(Number(event.target.value));
      }}
    >
      {!isUsual && <option value={seconds}>{text("follow.every.other", { span: format.span(seconds) })}</option>}
      {INTERVALS.map(([known, name]) => (
        <option key={known} value={known}>
          {text(name)}
        </option>
      ))}
    </Select>
  );
}
