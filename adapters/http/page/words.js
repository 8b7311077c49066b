// Words for people made of words for programs.

/** "low-poly" becomes "Low poly", "3d-model" becomes "3D model". */
export const readable = (style) => {
  const words = style.replaceAll("-", " ").replace(/^3d/, "3D");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** A name as nodes that may be broken after its separators, so that no line ends within a word. */
export const breakable = (name) =>
  name.split(/(?<=[-_./ ])/).flatMap((piece, number) => (number ? [document.createElement("wbr"), piece] : [piece]));
