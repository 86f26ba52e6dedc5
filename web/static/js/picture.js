// A photo made smaller before it is sent: upright, at most 1600 px wide and high, JPEG.
const SIDE = 1600;

async function drawn(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// As text, which a phone can keep.
export async function asText(file) {
  return (await drawn(file)).toDataURL("image/jpeg", 0.85);
}

// As bytes, to be sent at once.
export async function asBlob(file) {
  const canvas = await drawn(file);
  return new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
}
