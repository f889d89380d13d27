import { benchmarkKey, type Sample, writeBenchmarkSamples } from "../../formats/index.ts"
import { encodePng } from "../../images/index.ts"
import { fineCaption } from "./captions.ts"
import { renderScenes } from "./rendering.ts"
import type { Scene } from "./scene.ts"

/** Writes scenes as a retrieval benchmark in CLIP_benchmark's layout: an image and its fine caption a sample. */
export const writeRetrievalBenchmark = (
  folder: string,
  scenes: ReadonlyArray<Scene>,
  size: number,
): Promise<void> => writeBenchmarkSamples(folder, captionedSamples(scenes, size))

async function* captionedSamples(scenes: ReadonlyArray<Scene>, size: number): AsyncGenerator<Sample> {
  let index = 0
  for await (const raster of renderScenes(scenes, size)) {
    const scene = scenes[index]
    if (scene === undefined) break
    const files = new Map<string, Uint8Array>([
      ["png", encodePng(raster)],
      ["txt", Buffer.from(fineCaption(scene))],
    ])
    yield { key: benchmarkKey(index), files }
    index += 1
  }
}
