import { type SyntheticEvent, useState } from "react";
import styles from "./Thumbnail.module.css";

const WIDTH = 320;
const HEIGHT = 180;
/** The width of the picture that YouTube has for every video it does not know, invented ones for example. */
const UNKNOWN_VIDEO_WIDTH = 120;

/** A video's picture, fetched when it comes near; a neutral one where there is none. */
export function Thumbnail({ url }: { url: string | null | undefined }) {
  const [failedUrl, setFailedUrl] = useState<string | null>(null);
  const rejectUnknown = ({ currentTarget }: SyntheticEvent<HTMLImageElement>) => {
    if (url && currentTarget.naturalWidth === UNKNOWN_VIDEO_WIDTH) setFailedUrl(url);
  };
  if (!url || failedUrl === url) return <Placeholder />;
  return (
    <img
      className={styles.picture}
      src={url}
      width={WIDTH}
      height={HEIGHT}
      // The title stands beside it.
      alt=""
      loading="lazy"
      decoding="async"
      draggable={false}
      onLoad={rejectUnknown}
      onError={() => setFailedUrl(url)}
    />
  );
}

function Placeholder() {
  return (
    <svg
      className={styles.placeholder}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      data-testid="no-thumbnail"
      preserveAspectRatio="xMidYMid slice"
    >
      <path d="M0 128q40-22 80 0t80 0 80 0 80 0v52H0z" />
      <path d="M0 150q40-18 80 0t80 0 80 0 80 0v30H0z" />
    </svg>
  );
}
