/** Small pictures on cards. They stand beside words, or on something that has a name. */

export function MoreIcon() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" fill="currentColor" aria-hidden="true">
      <circle cx="10" cy="4" r="1.6" />
      <circle cx="10" cy="10" r="1.6" />
      <circle cx="10" cy="16" r="1.6" />
    </svg>
  );
}

export function WarningIcon() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" {...STROKE} aria-hidden="true">
      <path d="M10 3 2.5 16.5h15z" />
      <path d="M10 8v4" />
      <path d="M10 14.4v.1" />
    </svg>
  );
}

export function NoCaptionsIcon() {
  return (
    <svg width="16" height="16" viewBox="0 0 20 20" {...STROKE} aria-hidden="true">
      <rect x="2.5" y="4.5" width="15" height="11" rx="2" />
      <path d="M6 11.5h3m3 0h2" />
      <path d="m3 17.5 14-15" />
    </svg>
  );
}

export function RetryIcon() {
  return (
    <svg width="16" height="16" viewBox="0 0 20 20" {...STROKE} aria-hidden="true">
      <path d="M16.5 10a6.5 6.5 0 1 1-2-4.7" />
      <path d="M16.5 2.5v3.6h-3.6" />
    </svg>
  );
}

const STROKE = {
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 1.8,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;
