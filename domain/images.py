"""Decisions about images and temp files: keep one, bring an existing one in, take one away, clean old temp files up.

Whether the bytes are an image and where the file lies is for the storage adapter; here a name stands or does not.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.commands import AdoptImage, CleanUp, DeleteImage, FreshName, SaveImage
from domain.events import (
    MAX_FILES_A_CLEANUP,
    CleanedFile,
    CleanupCompleted,
    Event,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
)
from domain.grants import Draw
from domain.instants import later
from domain.limits import Limits
from domain.made_by_name import made_by_name
from domain.names import folder_of, fresh_name, name_key
from domain.quota_checks import Demand, check
from domain.refusals import Reason, Refusal
from domain.reservations import Reservation
from domain.reserving import known
from domain.tiers import limits_of
from domain.view import View

MAX_CLEANUP_FILES = 20 * MAX_FILES_A_CLEANUP
"""Files that one CleanUp removes; for more, it is sent again."""

SECONDS_A_DAY = 86_400

_image_saved = made_by_name(ImageSaved)


class _Target(NamedTuple):
    """Where the name of a save leads: its spelling, and the bytes that stand there now."""

    name: str
    replaced_bytes: int


def save(command: SaveImage, view: View, policy: Limits, at: str) -> tuple[Event, ...] | Refusal:
    """ImageSaved: into a place of its reservation, into one reserved in the same breath, or as a temp file; nothing
    where it is only asked.
    """
    reservation = _reservation_of(command, view, at)
    if isinstance(reservation, Refusal):
        return reservation
    target = _target(command, view)
    if isinstance(target, Refusal):
        return target
    plain = reservation is None and not command.temp
    growth = command.bytes - target.replaced_bytes - (reservation.bytes_each if reservation else 0)
    demand = Demand(command, 1 if plain else 0, command.bytes, growth, target.replaced_bytes)
    limits = limits_of(view, command.user, policy, at)
    fits = check(demand, view, limits, at)
    if isinstance(fits, Refusal):
        return fits
    if command.only_asked:
        return ()
    if not plain:
        return (
            *fits.exceeded,
            _saved(
                command, target, reservation.reservation if reservation else None, _operation(command, reservation), at
            ),
        )
    operation = _operation(command, None)
    return (
        *fits.exceeded,
        _own_reservation(command, operation, fits.drawn, at),
        _saved(command, target, command.new_reservation, operation, at),
    )


def adopt(command: AdoptImage, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """ImageSaved with the operation `adopted`, whatever the limits say: the bytes are there already."""
    target = _target(command, view)
    if isinstance(target, Refusal):
        return target
    return (_saved(command, target, None, "adopted", at),)


def delete(command: DeleteImage, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """ImageDeleted, if the name stands, and was not saved anew since where one save of it is meant."""
    current = view.current_image(command.user, name_key(command.name), temp=command.temp)
    if current is None or command.position not in {None, current.position}:
        return Refusal(Reason.NOT_FOUND, command.user, command.name)
    return (
        ImageDeleted(
            at=at,
            user=command.user,
            by=command.by,
            name=current.name,
            bytes=current.bytes,
            temp=command.temp,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def cutoff_of(at: str, days: int) -> str:
    """When a temp file was saved at the latest that is so many days old."""
    return later(at, seconds=-days * SECONDS_A_DAY)


def clean_up(command: CleanUp, view: View, at: str) -> tuple[Event, ...]:
    """CleanupCompleted for the temp files old enough, at most 500 in an event; nothing if there are none."""
    cutoff = cutoff_of(at, command.older_than_days)
    files = [CleanedFile(user, image.name, image.bytes) for user, image in view.temp_files(cutoff, MAX_CLEANUP_FILES)]
    parts = [tuple(files[i : i + MAX_FILES_A_CLEANUP]) for i in range(0, len(files), MAX_FILES_A_CLEANUP)]
    return tuple(
        CleanupCompleted(
            at=at,
            by=command.by,
            files=part,
            freed_bytes=sum(file.bytes for file in part),
            older_than_days=command.older_than_days,
            origin=command.origin,
            request=command.idempotency_key,
        )
        for part in parts
    )


def _reservation_of(command: SaveImage, view: View, at: str) -> Reservation | Refusal | None:
    """The reservation to settle; None for a temp file, a plain save, and what arrives after its place expired."""
    if command.reservation is None:
        return None
    reservation = known(view, command.user, command.reservation, at)
    if reservation is not None and reservation.open > 0:
        return reservation
    if reservation is not None and reservation.expired > 0:
        return None
    return Refusal(Reason.UNKNOWN_RESERVATION, command.user, command.reservation)


def _target(command: SaveImage | AdoptImage, view: View) -> _Target | Refusal:
    name = _spelling(command, view)
    if isinstance(name, Refusal):
        return name
    key = name_key(name)
    current = view.current_image(command.user, key, temp=command.temp)
    if current is not None:
        return _Target(current.name, current.bytes)
    folder = folder_of(key)
    in_a_file = folder is not None and view.current_image(command.user, folder, temp=command.temp) is not None
    is_a_folder = folder is None and view.has_folder(command.user, key, temp=command.temp)
    if command.untracked or in_a_file or is_a_folder:
        return Refusal(Reason.NAME_TAKEN, command.user, name)
    return _Target(name, 0)


def _spelling(command: SaveImage | AdoptImage, view: View) -> str | Refusal:
    wanted = command.name
    if not isinstance(wanted, FreshName):
        return wanted
    number = max(wanted.number_from, view.next_number(command.user, temp=command.temp))
    while _is_taken(command, view, name := fresh_name(wanted.folder, number, wanted.extension)):
        number += 1  # ends: each step passes over another name that stands
    if wanted.number_to is not None and number >= wanted.number_to:
        return Refusal(Reason.NAME_TAKEN, command.user, name)  # for all that is known
    return name


def _is_taken(command: SaveImage | AdoptImage, view: View, name: str) -> bool:
    """Whether an image stands under the name, or a folder of this name has one."""
    key = name_key(name)
    return bool(view.current_image(command.user, key, temp=command.temp)) or view.has_folder(
        command.user, key, temp=command.temp
    )


def _operation(command: SaveImage, reservation: Reservation | None) -> str:
    return command.operation or (reservation.operation if reservation else "unspecified")


def _own_reservation(command: SaveImage, operation: str, drawn: tuple[Draw, ...], at: str) -> GenerationReserved:
    """The place of a plain save: one generation of its real size, settled by the next event."""
    return GenerationReserved(
        at=at,
        user=command.user,
        by=command.by,
        reservation=command.new_reservation,
        operation=operation,
        count=1,
        bytes_each=command.bytes,
        expires_at=at,
        drawn=drawn,
        origin=command.origin,
        request=command.idempotency_key,
    )


def _saved(
    command: SaveImage | AdoptImage, target: _Target, reservation: str | None, operation: str, at: str
) -> ImageSaved:
    return _image_saved(
        at=at,
        user=command.user,
        by=command.by,
        name=target.name,
        bytes=command.bytes,
        replaced_bytes=target.replaced_bytes,
        sha256=command.sha256,
        media_type=command.media_type,
        width=command.width,
        height=command.height,
        operation=operation,
        temp=command.temp,
        staged=command.staged,
        reservation=reservation,
        origin=command.origin,
        request=command.idempotency_key,
    )
