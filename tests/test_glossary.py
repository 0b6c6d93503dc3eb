"""Words that `docs/glossary.md` has replaced do not come back."""

import re

from services.stack.home import PROJECT_ROOT

RETIRED = re.compile(
    r"\b("
    r"AudioSource|BATCH_LOOKS|BatchHints|BatchLooks|BatchNews|BatchView|BeginLook|CALLS_AT_ONCE|"
    r"CONCURRENT_STARTS|CallsCutOff|CaptionsSourceAdapter|DatabaseAway|DriverConnection|"
    r"ENOUGH_KBPS|HalveChunkInput|IN_LINE_AGAIN|ImportCalls|ImportStarter|InvalidSource|"
    r"InvalidYoutubeUrl|KeepSpeechInput|KeptSpeech|KnownVideo|LEFT_BEHIND_SECONDS|LISTING_ANEW|"
    r"LOOK_SECONDS|ListingPlace|ListingSource|LookAtBatch|MAX_PIECES_IN_LINE|MetadataSource|"
    r"NO_ROOM|NeverAnswered|NewPage|NobodyWaits|NotHeard|OUR_TROUBLE|OUR_TROUBLE_FOR_A_WHILE|"
    r"PLAYER_ALONE|PacePolicy|PayloadTooLarge|PlanSpeechInput|ProgressTeller|ProxyRefused|RESERVE|"
    r"RecognisedChunk|RequestGuard|SPEECH_POLICY|ServerAway|SettingRefused|SpeechActivities|SpeechNeed|"
    r"SpeechPlan|SpeechRecogniser|StoreBroken|"
    r"StoreFull|THROTTLES_IN_LINE|TRANSIENT|TROUBLE_TEXTS|TroubleCode|TrustingRH|"
    r"UPGRADES_AT_ONCE|UnreadableAudio|UnreadableFile|UpgradableVideos|VideoAdder|WAYS_THROUGH|"
    r"WorkAhead|as_saved|asking_around|asks_around|batches_under_way|begin_import|begin_look|"
    r"begins_anew|begun_with_nothing|bot_checked|bring_entries_up_to_date|call_began|call_ended|"
    r"doubt_schedules|driver_of|find_upgradable_videos|halve_chunk|held_since|hurried_for|"
    r"is_a_known_word|is_alone|is_closing|is_configuration|is_followed|is_in_bulk|is_no_answer|"
    r"is_on_probation|is_passing|is_primed|is_scheduled|is_stray|is_waiting|keep_schedule|"
    r"keep_speech|known_video|listing_waits|listing_ways|look_at_batch|look_now|looked_again_at|"
    r"may_be_mended|naming_places|next_look|next_place|not_counted|note_looked_again|"
    r"note_scheduled|pace_story|place_in_line|plain_words|plan_speech_to_text|postgres_trouble|put_videos|"
    r"recognised_chunks|refuse_unusable|running_imports|save_no_captions|set_aside|shown_stage|sweep_schedules|"
    r"tell_changed|telling_broken|telling_full|temporal_trouble|to_the_end|told_to_the_workflow|"
    r"transcription_pace|trust_own|turn_over|unheard_seconds|videos_in|waiting_videos|way_trouble|"
    r"what_was_said|while_paused|without_marks|youtube_pace"
    r")\b"
)
"""Identifiers with another name now; migrations keep what they are about."""


def test_no_retired_identifier_is_used() -> None:
    packages = [PROJECT_ROOT / name for name in ("services", "shared", "workflows", "fakes", "tests", "benchmarks")]
    modules = [path for package in packages for path in package.rglob("*.py")]
    found = [
        f"{path.relative_to(PROJECT_ROOT)}: {word}"
        for path in modules
        if "migrations" not in path.parts and path.name not in {"test_glossary.py", "test_migrate.py"}
        for word in sorted(set(RETIRED.findall(path.read_text())))
    ]
    assert found == []
