/** The player of one page: closed until the reader opens it, then an embedded frame that can seek. */
import { type RefCallback, useCallback, useMemo, useRef, useState } from "react";
import { createPlayback, type Playback } from "./playback";
import { PlayerLink } from "./player";

export interface PlayerControls {
  playback: Playback;
  isOpen: boolean;
  /** Where a player that is opened begins. */
  startSeconds: number;
  open: () => void;
  /** Play from there; opens the player if it is closed. */
  jumpTo: (seconds: number) => void;
  attach: RefCallback<HTMLIFrameElement>;
}

export function usePlayer(): PlayerControls {
  const [playback] = useState(createPlayback);
  const [startSeconds, setStartSeconds] = useState<number | null>(null);
  const link = useRef<PlayerLink | null>(null);
  const isAsked = useRef(false);
  /** Where to seek once the frame is loaded, if the reader chose another position meanwhile. */
  const wanted = useRef<number | null>(null);
  const takesFocus = useRef(false);

  const jumpTo = useCallback(
    (seconds: number) => {
      playback.setState({ seconds });
      if (link.current) link.current.seekTo(seconds);
      else if (isAsked.current) wanted.current = seconds;
      else setStartSeconds(seconds);
      isAsked.current = true;
    },
    [playback],
  );

  const open = useCallback(() => {
    takesFocus.current = true; // the button that was pressed goes
    jumpTo(0);
  }, [jumpTo]);

  const attach = useCallback(
    (frame: HTMLIFrameElement) => {
      if (takesFocus.current) frame.focus();
      const connect = () => {
        if (!frame.contentWindow) return;
        link.current?.close();
        link.current = new PlayerLink(frame.contentWindow, (news) => playback.setState(news));
        if (wanted.current !== null) link.current.seekTo(wanted.current);
        wanted.current = null;
      };
      frame.addEventListener("load", connect);
      return () => {
        frame.removeEventListener("load", connect);
        link.current?.close();
        link.current = null;
      };
    },
    [playback],
  );

  const isOpen = startSeconds !== null;
  return useMemo(
    () => ({ playback, isOpen, startSeconds: startSeconds ?? 0, open, jumpTo, attach }),
    [playback, isOpen, startSeconds, open, jumpTo, attach],
  );
}
