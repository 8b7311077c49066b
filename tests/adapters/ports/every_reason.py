"""One example of every reason why there is no picture, and one failure of every kind."""

from __future__ import annotations

from adapters.ports.failure_reasons import (
    AnswerLost,
    AnswerTooLarge,
    AskedToWait,
    CannotMake,
    FailedTooOften,
    FailureKind,
    Filtered,
    GivenUp,
    Instead,
    KeyRefused,
    NotAsPromised,
    NotConnected,
    NotHttp,
    NotSetUp,
    NoWholeAnswer,
    Obstacle,
    PictureLost,
    PlainReason,
    Resting,
    ServiceName,
    TakenTooLong,
    Unreachable,
    WaitedTooLong,
    WithoutApi,
)
from adapters.ports.failures import FailureReason, GenerationFailure
from adapters.ports.request_reasons import (
    AttachmentTooLarge,
    ImageThereTooLarge,
    InputMissing,
    InputNotRead,
    InputTooLarge,
    InputTooManyPixels,
    InputTooSmall,
    LargestAlready,
    ModelCannotEdit,
    NotAChoice,
    NotOffered,
    NotText,
    OutOfRange,
    PromptEmpty,
    PromptTooLongForModel,
    ShapeNotTaken,
    ShapeStaysNarrow,
    TextBroken,
    TextTooLong,
    TooManyPixelsToUpscale,
    UpscaledTooLarge,
    UpscaledTooNarrow,
    WideAlready,
    WidthOutOfReach,
)

ELSEWHERE = ServiceName("Stability AI")
OWN = ServiceName("AUTOMATIC1111", "API_HOST")


def of_service(service: ServiceName) -> list[FailureReason]:
    """The reasons that name the service."""
    return [
        *(Unreachable(service, obstacle) for obstacle in Obstacle),
        *(NotAsPromised(service, instead) for instead in Instead),
        NotConnected(service, 10.0),
        Resting(service, 30),
        NoWholeAnswer(service),
        NotHttp(service),
        AnswerLost(service),
        AnswerLost(service, 120.0),
        PictureLost(service, 7.0),
    ]


EVERY_REASON: list[FailureReason] = [
    *PlainReason,
    *of_service(ELSEWHERE),
    *of_service(OWN),
    KeyRefused("STABILITY_API_KEY"),
    CannotMake(),
    CannotMake("width must be a multiple of 64"),
    CannotMake("it knows no upscaler of the name that MY_SETTING gives", "MY_SETTING"),
    CannotMake("the operator of this gateway sets GATEWAY_MODE"),
    AskedToWait(),
    AskedToWait(7.4),
    Filtered(),
    Filtered(counts=True),
    Filtered(counts=False),
    AnswerTooLarge(21 * 1_048_576),
    NotSetUp("no key is set. Set STABILITY_API_KEY, or GENERATOR=sketch for offline sketches."),
    WithoutApi("API_HOST", "/sdapi/v1"),
    WaitedTooLong(5.0),
    GivenUp(by_another=False),
    GivenUp(by_another=True),
    TakenTooLong(600.0),
    FailedTooOften(16),
    NotAChoice("style", "'oil'", ("anime", "origami")),
    NotOffered("upscale", ("text_to_image", "image_to_image")),
    PromptEmpty(2000),
    NotText("prompt"),
    TextTooLong("prompt", 2001, 2000),
    TextBroken("negative prompt"),
    OutOfRange("count", "11", 1, 10, whole=True),
    OutOfRange("count", "2", 1, 1, whole=True),
    OutOfRange("cfg_scale", "36", 0, 35.0, whole=False),
    InputMissing("upscale"),
    InputTooLarge(22 * 1_048_576, 20 * 1_048_576),
    InputTooManyPixels(50_000_000),
    InputNotRead("HEIC"),
    InputNotRead("TIFF"),
    AttachmentTooLarge(20 * 1_048_576),
    ImageThereTooLarge(10 * 1_048_576),
    ModelCannotEdit("dall-e-3", "OPENAI_MODEL", "gpt-image-1"),
    PromptTooLongForModel(1200, "dall-e-2", 1000),
    InputTooSmall(63, 200, 64),
    WideAlready(2048, 1024),
    LargestAlready(4096, 4096),
    TooManyPixelsToUpscale(5_000_000, 4_194_304),
    WidthOutOfReach(100, 8.0),
    UpscaledTooNarrow(300, 512),
    UpscaledTooLarge(4_194_304, 1800),
    ShapeNotTaken(10, 2000, "fast", 32, 48.0),
    ShapeStaysNarrow(2000, 3000, "fast", 2400, 4096),
    ShapeStaysNarrow(2000, 30_000, "fast", 1200, 4096),
]
ONE_OF_KIND = {reason.kind: reason for reason in reversed(EVERY_REASON)}


def failure_of_kind(kind: FailureKind) -> GenerationFailure:
    """Some failure of this kind."""
    return GenerationFailure(ONE_OF_KIND[kind])
