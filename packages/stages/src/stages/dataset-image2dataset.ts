import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"

/** Downloads images into webdataset shards, with img2dataset's option names and layout. */
export const datasetImage2dataset = defineStage({
  name: "dataset/image2dataset",
  version: 1,
  summary: "Downloads the images of a URL list into webdataset shards, with img2dataset's options and layout",
  input: Type.Object(
    {
      list: artefact("images | url-list", {
        description:
          "A list of URLs (.csv, .tsv, .txt, .json, .jsonl, also .gz, or .parquet), or a folder of images (with urls.csv, if only some are meant). URLs are http, https, or paths relative to the list that stay in its folder",
      }),
      "url-col": Type.String({ description: "The column with the URLs", default: "url", minLength: 1 }),
      "caption-col": Type.Optional(
        Type.String({
          description: "The column with the captions; none are written without it",
          minLength: 1,
        }),
      ),
      "save-additional-columns": Type.Array(Type.String({ minLength: 1 }), {
        description: "Further columns of the list to keep with each image",
        default: [],
        uniqueItems: true,
        maxItems: 100,
      }),
      "image-size": Type.Integer({
        description: "The side that images are resized to, in pixels",
        default: 256,
        minimum: 1,
        maximum: 8192,
      }),
      "resize-mode": Type.Enum(["no", "keep_ratio", "center_crop", "border", "keep_ratio_largest"], {
        description:
          "no; keep_ratio (shorter side to image-size); center_crop (that, then the square in the middle); keep_ratio_largest (longer side); border (that, then white edges to a square)",
        default: "border",
      }),
      "resize-only-if-bigger": Type.Boolean({
        description: "Leave images that are smaller than image-size as they are",
        default: false,
      }),
      "encode-format": Type.Enum(["jpg", "png", "webp"], {
        description: "The format that images are written in",
        default: "jpg",
      }),
      "encode-quality": Type.Optional(
        Type.Integer({
          description: "1–100 for jpg and webp (95 without it), compression level 0–9 for png (6)",
          minimum: 0,
          maximum: 100,
        }),
      ),
      "skip-reencode": Type.Boolean({
        description: "Keep an image's bytes where its format fits and it was not resized",
        default: false,
      }),
      "disable-all-reencoding": Type.Boolean({
        description: "Keep all bytes as downloaded, without looking whether they are images",
        default: false,
      }),
      "number-sample-per-shard": Type.Integer({
        description: "URLs for each shard",
        default: 10_000,
        minimum: 1,
        maximum: 1_000_000,
      }),
      "oom-shard-count": Type.Integer({
        description: "Digits of a shard's number",
        default: 5,
        minimum: 1,
        maximum: 15,
      }),
      "thread-count": Type.Integer({
        description: "Downloads at a time",
        default: 64,
        minimum: 1,
        maximum: 1024,
      }),
      timeout: Type.Number({
        description: "Seconds to wait for a connection, for an answer, and for each further piece of it",
        default: 10,
        exclusiveMinimum: 0,
        maximum: 3600,
      }),
      retries: Type.Integer({
        description:
          "Further attempts at what may pass: timeouts, broken connections, and the answers 408, 425, 429, 500, 502, 503 and 504",
        default: 2,
        minimum: 0,
        maximum: 100,
      }),
      "compute-hash": Type.Enum(["none", "md5", "sha256", "sha512"], {
        description: "The digest of the downloaded bytes that is kept with each image",
        default: "sha256",
      }),
      "min-image-size": Type.Integer({
        description: "Refuse images whose shorter side has fewer pixels",
        default: 0,
        minimum: 0,
      }),
      "max-image-area": Type.Optional(
        Type.Number({ description: "Refuse images with more pixels", exclusiveMinimum: 0 }),
      ),
      "max-aspect-ratio": Type.Optional(
        Type.Number({
          description: "Refuse images whose longer side is more than this many times the shorter one",
          minimum: 1,
        }),
      ),
      "user-agent-token": Type.Optional(
        Type.String({
          description: "A name to introduce ourselves with, which X-Robots-Tag headers may address",
          pattern: "^[A-Za-z0-9._-]+$",
          maxLength: 100,
        }),
      ),
      "disallowed-header-directives": Type.Array(Type.String({ minLength: 1 }), {
        description: "X-Robots-Tag directives that forbid the use of an image; [] ignores the header",
        default: ["noai", "noimageai", "noindex", "noimageindex"],
        maxItems: 100,
      }),
      "extract-exif": Type.Boolean({ description: "Keep the EXIF tags of each image", default: true }),
      "allow-files": Type.Boolean({
        description:
          "Let the list name files anywhere on this machine (file:///…); only for lists that you trust",
        default: false,
      }),
    },
    { additionalProperties: false },
  ),
  outputs: {
    shards: {
      kind: "webdataset",
      description: "NNNNN.tar with images, metadata and captions; NNNNN.parquet with a row for every URL",
    },
    summary: {
      kind: "metrics",
      description: "How many images came, why the others failed, and the first URLs that failed",
      file: "summary.json",
    },
  },
  resources: { cpu: 2, memory: 1024 },
  isolation: "host",
  run: Effect.fnUntraced(function* (input, context) {
    const { downloadDataset } = yield* Effect.promise(() => import("../datasets/image2dataset/index.ts"))
    yield* downloadDataset(
      {
        list: input.list,
        shards: context.outputs.shards,
        summary: context.outputs.summary,
        checkpoint: context.checkpoint,
      },
      {
        imageSize: input["image-size"],
        resizeMode: input["resize-mode"],
        resizeOnlyIfBigger: input["resize-only-if-bigger"],
        encodeFormat: input["encode-format"],
        encodeQuality: input["encode-quality"],
        skipReencode: input["skip-reencode"],
        disableAllReencoding: input["disable-all-reencoding"],
        numberSamplePerShard: input["number-sample-per-shard"],
        oomShardCount: input["oom-shard-count"],
        threadCount: input["thread-count"],
        timeout: input.timeout,
        retries: input.retries,
        urlCol: input["url-col"],
        captionCol: input["caption-col"],
        saveAdditionalColumns: input["save-additional-columns"],
        computeHash: input["compute-hash"],
        minImageSize: input["min-image-size"],
        maxImageArea: input["max-image-area"] ?? Number.POSITIVE_INFINITY,
        maxAspectRatio: input["max-aspect-ratio"] ?? Number.POSITIVE_INFINITY,
        userAgentToken: input["user-agent-token"],
        disallowedHeaderDirectives: input["disallowed-header-directives"],
        extractExif: input["extract-exif"],
        allowFiles: input["allow-files"],
      },
      context,
    )
  }),
})
