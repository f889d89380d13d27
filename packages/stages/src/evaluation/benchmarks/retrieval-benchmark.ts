import { permanent } from "@diva-pipeline/core"
import { imageOf, readBenchmarkSamples, textOf } from "../../formats/index.ts"

/** An image and the captions that describe it. */
export interface CaptionedImage {
  readonly key: string
  /** The encoded image. */
  readonly image: Uint8Array
  readonly captions: ReadonlyArray<string>
}

/**
 * The samples of a retrieval benchmark: shards (in `test/` or directly) of images with `.txt`, one caption a line.
 *
 * @throws StageFailure naming the sample at fault
 */
export async function* readRetrievalBenchmark(folder: string): AsyncGenerator<CaptionedImage> {
  for await (const sample of readBenchmarkSamples(folder)) {
    const broken = (what: string) =>
      permanent(`sample ${sample.key} of the retrieval benchmark ${what}`, { file: folder })
    const image = imageOf(sample)
    const text = textOf(sample, "txt")
    if (image === undefined) throw broken("has no image")
    if (text === undefined) throw broken("has no .txt file with its captions")
    const captions = text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "")
    if (captions.length === 0) throw broken("has an empty .txt file")
    yield { key: sample.key, image, captions }
  }
}
