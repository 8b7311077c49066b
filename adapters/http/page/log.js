// How the log stands, in words: its length, its last event, what the start verified, the seal outside.

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const MB = 1048576;
const MINUTE = 60000;
const size = (bytes) => (bytes < MB / 10 ? `${number.format(bytes / 1024)} KB` : `${number.format(bytes / MB)} MB`);

function age(at, now) {
  const minutes = (now - new Date(at)) / MINUTE;
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 120) return `${Math.floor(minutes)} min ago`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}

function seal(outside) {
  if (outside === null) return "No seal is kept outside the storage folder (SEAL_FILE).";
  if (outside.trouble) return `The seal outside the storage folder could not be written: ${outside.trouble}.`;
  return outside.position ? `Sealed outside up to position ${outside.position}.` : "The seal outside is written with the next change.";
}

/** The log's health as sentences, each an item of a list. */
export function showLog(list, log, now = new Date()) {
  const free = log.disk_free_bytes === null ? "" : `, ${size(log.disk_free_bytes)} free on its disk`;
  const before = log.verified_after ? ` from position ${log.verified_after} on; what is before is verified beside the work` : "";
  const sentences = [
    `The log has ${number.format(log.position)} events, ${size(log.size_bytes)}${free}.`,
    log.last_event_at ? `The last one was recorded ${moment.format(new Date(log.last_event_at))}, ${age(log.last_event_at, now)}.` : "Nothing was recorded yet.",
    `Last verified at the start, ${moment.format(new Date(log.verified_at))}${before}.`,
    seal(log.sealed_outside),
  ];
  list.replaceChildren(
    ...sentences.map((sentence) => {
      const item = document.createElement("li");
      item.textContent = sentence;
      return item;
    }),
  );
}
