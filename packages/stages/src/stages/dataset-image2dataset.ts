import { artefact, defineStage } from "@diva-pipeline/core"
import { Effect } from "effect"
import { Type } from "typebox"
import {
  DUPLICATES,
  ENCODE_FORMATS,
  HASHES,
  INTERPOLATIONS,
  LIST_FORMATS,
  OUTPUT_FORMATS,
  RESIZE_MODES,
} from "../image2dataset-names.ts"

/** Downloads images into webdataset shards, with img2dataset's option names and layout. */
export const datasetImage2dataset = defineStage({
  name: "dataset/image2dataset",
  version: 4,
  summary: "Downloads the images of a URL list into webdataset shards, with img2dataset's options and layout",
  input: Type.Object(
    {
      list: artefact("images | url-list", {
        description:
          "A list of URLs (.csv, .tsv, .txt, .json, .jsonl, also .gz, or .parquet), or a folder of images (with urls.csv, if only some are meant). URLs are http, https, or paths relative to the list that stay in its folder",
      }),
      earlier: Type.Optional(
        artefact("webdataset", {
          description:
            "Shards that this stage has made with the same options elsewhere: what the list has in common with them is taken from there, and only the rest is downloaded. Those that this very stage made the last time are found without it",
        }),
      ),
      "try-again": Type.Integer({
        description:
          "Raise it to have URLs tried again whose bytes did not come the last time; all else is taken from the shards of then",
        default: 0,
        minimum: 0,
      }),
      "input-format": Type.Optional(
        Type.Enum(LIST_FORMATS, { description: "The format of the list, when its name does not tell" }),
      ),
      "list-columns": Type.Array(Type.String({ minLength: 1 }), {
        description: "The names of a csv's or tsv's columns, when it does not begin with them",
        default: [],
        maxItems: 1000,
      }),
      "url-col": Type.String({ description: "The column with the URLs", default: "url", minLength: 1 }),
      "caption-col": Type.Optional(
        Type.String({
          description: "The column with the captions; none are written without it",
          minLength: 1,
        }),
      ),
      "bbox-col": Type.Optional(
        Type.String({
          description:
            "The column with boxes to blur: a JSON list of [left, top, right, bottom], as parts of the image's sides. It is kept with each image",
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
      "resize-mode": Type.Enum(RESIZE_MODES, {
        description:
          "no; keep_ratio (shorter side to image-size); center_crop (that, then the square in the middle); keep_ratio_largest (longer side); border (that, then white edges to a square)",
        default: "border",
      }),
      "resize-only-if-bigger": Type.Boolean({
        description: "Leave images that are smaller than image-size as they are",
        default: false,
      }),
      "upscale-interpolation": Type.Enum(INTERPOLATIONS, {
        description: "How images are made larger",
        default: "lanczos",
      }),
      "downscale-interpolation": Type.Enum(INTERPOLATIONS, {
        description: "How images are made smaller",
        default: "area",
      }),
      "encode-format": Type.Enum(ENCODE_FORMATS, {
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
      "output-format": Type.Enum(OUTPUT_FORMATS, {
        description:
          "webdataset, which the other stages read; files; parquet, with the images in it; tfrecord; dummy, which keeps nothing but the counts",
        default: "webdataset",
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
        description: "Downloads at a time, at most; how many are good is found out",
        default: 256,
        minimum: 1,
        maximum: 4096,
      }),
      timeout: Type.Number({
        description: "Seconds to wait for a connection, for an answer, and for each further piece of it",
        default: 10,
        exclusiveMinimum: 0,
        maximum: 3600,
      }),
      "total-timeout": Type.Number({
        description: "Seconds for one attempt at an image in all, redirects included",
        default: 60,
        exclusiveMinimum: 0,
        maximum: 86_400,
      }),
      "minimum-rate": Type.Number({
        description: "Bytes a second that a server must send in the mean, once timeout is over",
        default: 1000,
        minimum: 0,
      }),
      "max-body-size": Type.Integer({
        description: "Bytes of one image as downloaded",
        default: 64 * 1024 * 1024,
        minimum: 1,
        maximum: 1024 * 1024 * 1024,
      }),
      "connections-per-host": Type.Integer({
        description: "Downloads from one host at a time",
        default: 32,
        minimum: 1,
        maximum: 1024,
      }),
      "silent-connections-per-host": Type.Integer({
        description:
          "Beside them, requests that a host leaves without an answer while it answers others; 0 never has more than connections-per-host",
        default: 32,
        minimum: 0,
        maximum: 1024,
      }),
      "requests-per-host": Type.Optional(
        Type.Number({
          description: "Requests to one host a second; as many as it answers without it",
          exclusiveMinimum: 0,
        }),
      ),
      resolvers: Type.Array(Type.String({ minLength: 1 }), {
        description: "Name servers (addresses) to ask instead of the system's",
        default: [],
        maxItems: 16,
      }),
      retries: Type.Integer({
        description:
          "Further attempts at what may pass: timeouts, broken connections, and the answers 408, 425, 429, 500, 502, 503 and 504",
        default: 2,
        minimum: 0,
        maximum: 100,
      }),
      "compute-hash": Type.Enum(HASHES, {
        description: "The digest of the downloaded bytes that is kept with each image",
        default: "sha256",
      }),
      "verify-hash": Type.Optional(
        Type.String({
          description:
            "The column with the expected digests, of the kind of compute-hash; others are refused",
          minLength: 1,
        }),
      ),
      "skip-duplicates": Type.Enum(DUPLICATES, {
        description:
          "Leave out URLs that the list has before (url), and images whose downloaded bytes came before as well (content)",
        default: "none",
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
      "ignore-ssl-certificate": Type.Boolean({
        description: "Accept any certificate; then nobody knows who sent the images",
        default: false,
      }),
      "respect-robots-txt": Type.Boolean({
        description: "Ask each host for its robots.txt, and leave out what it forbids",
        default: false,
      }),
      "extract-exif": Type.Boolean({ description: "Keep the EXIF tags of each image", default: true }),
      "allow-private-addresses": Type.Boolean({
        description:
          "Allow addresses of this machine and of private networks, also where names and redirects lead to them",
        default: false,
      }),
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
  usesPrevious: true,
  run: Effect.fnUntraced(function* (input, context) {
    const { downloadDataset } = yield* Effect.promise(() => import("../datasets/image2dataset/index.ts"))
    yield* downloadDataset(
      {
        list: input.list,
        shards: context.outputs.shards,
        summary: context.outputs.summary,
        checkpoint: context.checkpoint,
        earlier: [input.earlier, context.previous?.shards].filter((folder) => folder !== undefined),
        isRetry: input["try-again"] > 0,
      },
      {
        imageSize: input["image-size"],
        resizeMode: input["resize-mode"],
        resizeOnlyIfBigger: input["resize-only-if-bigger"],
        upscaleInterpolation: input["upscale-interpolation"],
        downscaleInterpolation: input["downscale-interpolation"],
        encodeFormat: input["encode-format"],
        encodeQuality: input["encode-quality"],
        skipReencode: input["skip-reencode"],
        disableAllReencoding: input["disable-all-reencoding"],
        numberSamplePerShard: input["number-sample-per-shard"],
        oomShardCount: input["oom-shard-count"],
        threadCount: input["thread-count"],
        timeout: input.timeout,
        totalTimeout: input["total-timeout"],
        minimumRate: input["minimum-rate"],
        maxBodySize: input["max-body-size"],
        connectionsPerHost: input["connections-per-host"],
        silentConnectionsPerHost: input["silent-connections-per-host"],
        requestsPerHost: input["requests-per-host"],
        resolvers: input.resolvers,
        allowPrivateAddresses: input["allow-private-addresses"],
        ignoreSslCertificate: input["ignore-ssl-certificate"],
        respectRobotsTxt: input["respect-robots-txt"],
        retries: input.retries,
        inputFormat: input["input-format"],
        listColumns: input["list-columns"],
        outputFormat: input["output-format"],
        bboxCol: input["bbox-col"],
        verifyHashCol: input["verify-hash"],
        skipDuplicates: input["skip-duplicates"],
        split: { part: 0, of: 1 },
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
