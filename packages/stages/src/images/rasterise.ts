import type { Raster } from "./raster.ts"

/** Rasterises an SVG document at its own size, on white. The document must not use fonts: they differ by machine. */
export const rasteriseSvg = async (svg: string): Promise<Raster> => {
  const { default: sharp } = await import("sharp")
  const { data, info } = await sharp(Buffer.from(svg), { unlimited: true, limitInputPixels: false })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}
