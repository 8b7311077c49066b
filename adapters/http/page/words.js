// Words for people made of words for programs.

/** "low-poly" becomes "Low poly", "3d-model" becomes "3D model". */
export const readable = (style) => {
  const words = style.replaceAll("-", " ").replace(/^3d/, "3D");
  return words.charAt(0).toUpperCase() + words.slice(1);
};
