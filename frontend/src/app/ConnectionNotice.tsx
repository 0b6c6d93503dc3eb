import { useEffect, useState } from "react";
import { useText } from "../i18n";
import { useConnection } from "../state/progress";
import styles from "./ConnectionNotice.module.css";

/** Shorter breaks are not mentioned. */
const DELAY_MS = 5_000;

/** Says that live updates are interrupted. */
export function ConnectionNotice() {
  const text = useText();
  const isLost = useConnection() === "connecting";
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isLost) return;
    const timer = setTimeout(() => setShown(true), DELAY_MS);
    return () => {
      clearTimeout(timer);
      setShown(false);
    };
  }, [isLost]);
  return <div role="status">{isShown && <p className={styles.notice}>{text("live.lost")}</p>}</div>;
}
