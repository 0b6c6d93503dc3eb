import { useEffect, useState } from "react";
import { useText } from "../i18n";
import { useConnection } from "../stores/progress";
import styles from "./ConnectionNotice.module.css";

/** A short break is nobody's business. */
const PATIENCE_MS = 5_000;

/** Says, in passing, that news do not come at the moment. */
export function ConnectionNotice() {
  const text = useText();
  const isLost = useConnection() === "connecting";
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    if (!isLost) return;
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setShown(false);
    };
  }, [isLost]);
  return <div role="status">{isShown && <p className={styles.notice}>{text("live.lost")}</p>}</div>;
}
