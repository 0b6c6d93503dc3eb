import { Link } from "wouter";
import { useText } from "../i18n";
import { EmptyState } from "../ui/EmptyState";
import { useTitle } from "../ui/useTitle";
import styles from "./NotFoundPage.module.css";

export function NotFoundPage() {
  const text = useText();
  useTitle(text("notFound.title"));
  return (
    <EmptyState level={1} title={text("notFound.title")} text={text("notFound.text")}>
      <Link href="/" className={styles.home}>
        {text("notFound.home")}
      </Link>
    </EmptyState>
  );
}
