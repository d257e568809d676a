#include "server/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Names, and what belongs to each: a queue's or a slot's tally, or the job with that unique id. */

struct entry {
    const char *name; /* NULL = free; borrowed */
    size_t jobs;      /* that have a place */
    size_t waiting;   /* for one */
    uint32_t holder;  /* number of the newest job that has a place */
    uint32_t winner;  /* of a slot: the newest job that replaces the others, 0 = none */
    const struct queue_setting *setting; /* of a queue, NULL = as by default */
    const struct job_info *info;         /* of a job */
};

struct entries {
    struct entry *slots; /* open addressing; a power of two, at least half of them free */
    size_t mask;
};

static int entries_init(struct entries *entries, size_t count)
{
    size_t room = 16;
    while (room < count * 2)
        room *= 2;
    entries->slots = calloc(room, sizeof(entries->slots[0]));
    entries->mask = room - 1;
    return entries->slots ? 0 : -ENOMEM;
}

/* The name's entry, or the free place where it belongs. */
static struct entry *entries_at(const struct entries *entries, const char *name)
{
    size_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    size_t i = hash & entries->mask;
    while (entries->slots[i].name && strcmp(entries->slots[i].name, name) != 0)
        i = (i + 1) & entries->mask;
    return &entries->slots[i];
}

static struct entry *entries_add(struct entries *entries, const char *name)
{
    struct entry *entry = entries_at(entries, name);
    entry->name = name;
    return entry;
}

/* Everything that a judgement needs. */
struct court {
    const struct queue_rules *rules;
    struct queue_job *jobs;
    size_t count;
    struct queue_job **waiting; /* in the order of their turn */
    size_t waiting_count;
    struct entries queues, slots, uids;
    size_t running; /* of all queues */
};

bool queue_has_say(const struct job_plan *plan)
{
    return plan && (plan->queue || plan->slot || plan->after.len > 0);
}

/* Whether it is to be judged: it is queued, and what it waits for is not only a time. */
static bool is_waiting(const struct queue_job *job)
{
    if (job->unknown || job->begun || !queue_has_say(job->info->plan))
        return false;
    return job->coming || job->info->state == JOB_QUEUED;
}

static bool has_place(const struct queue_job *job)
{
    uint32_t state = job->info->state;
    if (job_state_is_final(state) || is_waiting(job) || !queue_has_say(job->info->plan))
        return false;
    return job->unknown || job->begun || !job_state_is_waiting(state);
}

static bool is_live(const struct queue_job *job)
{
    return !job_state_is_final(job->info->state);
}

/* Conditions on other jobs */

bool queue_end_fits(const struct job_info *ended, uint32_t condition)
{
    const struct job_end *end = ended->end;
    bool ok = ended->state == JOB_ENDED && end && end->reason == END_EXITED &&
              plan_code_is_ok(ended->plan, end->code);
    return condition == AFTER_ANY || (condition == AFTER_OK) == ok;
}

/* QUEUE_NONE when all have come true. */
static enum queue_verdict judge_after(const struct court *court, struct queue_job *job)
{
    const struct job_plan *plan = job->info->plan;
    const struct plan_after *after = plan->after.items;
    enum queue_verdict verdict = QUEUE_NONE;
    for (size_t i = 0; job->info->attempt == 0 && i < plan->after.len; i++) {
        const struct job_info *other = entries_at(&court->uids, after[i].job)->info;
        bool pending = other ? !job_state_is_final(other->state) : court->rules->blind;
        bool fits =
            other ? queue_end_fits(other, after[i].condition) : after[i].condition == AFTER_ANY;
        if (!pending && fits)
            continue;
        if (pending && verdict != QUEUE_NONE)
            continue; /* the first one is told, unless one has failed */
        job->other = other ? other->id : 0;
        job->condition = after[i].condition;
        verdict = pending ? QUEUE_WAIT_AFTER : QUEUE_CANCEL;
        if (!pending)
            break;
    }
    return verdict;
}

/* What it waits for that has nothing to do with those who wait as well. */
static enum queue_verdict judge_alone(const struct court *court, struct queue_job *job)
{
    const struct job_info *info = job->info;
    enum queue_verdict verdict = judge_after(court, job);
    bool early = job->coming ? info->plan->not_before_ns > court->rules->now_ns : info->due_ns > 0;
    if (verdict != QUEUE_NONE)
        return verdict;
    if (early)
        return QUEUE_WAIT_TIME;
    if (info->plan->queue) {
        const struct entry *queue = entries_at(&court->queues, info->plan->queue);
        if (queue->setting && queue->setting->paused)
            return QUEUE_WAIT_PAUSED;
    }
    return QUEUE_NONE;
}

/* Places */

static void take_place(struct court *court, const struct queue_job *job)
{
    const struct job_plan *plan = job->info->plan;
    struct entry *entries[] = {plan->queue ? entries_at(&court->queues, plan->queue) : NULL,
                               plan->slot ? entries_at(&court->slots, plan->slot) : NULL};
    for (size_t i = 0; i < 2; i++) {
        if (!entries[i])
            continue;
        entries[i]->jobs++;
        entries[i]->holder = job->info->id;
    }
    court->running += plan->queue != NULL;
}

static size_t slots_of(const struct entry *queue)
{
    return queue->setting && queue->setting->slots > 0 ? queue->setting->slots : 1;
}

static bool is_dropped(const struct queue_job *job)
{
    const struct job_plan *plan = job->info->plan;
    return plan->if_busy == IF_BUSY_DROP && job->info->attempt == 0 && !plan->every;
}

/* It could start; is there a place? */
static enum queue_verdict judge_place(struct court *court, struct queue_job *job)
{
    const struct job_plan *plan = job->info->plan;
    struct entry *queue = plan->queue ? entries_at(&court->queues, plan->queue) : NULL;
    struct entry *slot = plan->slot ? entries_at(&court->slots, plan->slot) : NULL;
    enum queue_verdict verdict = QUEUE_START;
    if (slot && slot->jobs > 0)
        verdict = is_dropped(job) ? QUEUE_DROP : QUEUE_WAIT_SLOT;
    else if (queue && queue->jobs >= slots_of(queue))
        verdict = QUEUE_WAIT_TURN;
    else if (queue && court->running >= court->rules->max_running)
        verdict = QUEUE_WAIT_TOTAL;
    job->ahead = queue ? (uint32_t)queue->waiting : 0;
    if (verdict == QUEUE_WAIT_SLOT || verdict == QUEUE_DROP)
        job->other = slot->holder;
    else if (verdict == QUEUE_WAIT_TURN)
        job->other = queue->holder;
    if (verdict == QUEUE_START)
        take_place(court, job);
    else if (verdict != QUEUE_DROP) {
        if (queue)
            queue->waiting++;
        if (slot)
            slot->waiting++;
    }
    return verdict;
}

/* The court's preparations */

static int compare_turns(const void *a_, const void *b_)
{
    const struct job_info *a = (*(struct queue_job *const *)a_)->info;
    const struct job_info *b = (*(struct queue_job *const *)b_)->info;
    if (a->plan->priority != b->plan->priority)
        return a->plan->priority > b->plan->priority ? -1 : 1;
    if (a->queued_ns != b->queued_ns)
        return a->queued_ns < b->queued_ns ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void finish(struct court *court)
{
    free(court->waiting);
    free(court->queues.slots);
    free(court->slots.slots);
    free(court->uids.slots);
}

static int prepare(struct court *court, const struct queue_rules *rules, struct queue_job *jobs,
                   size_t count)
{
    *court = (struct court){.rules = rules, .jobs = jobs, .count = count};
    court->waiting = calloc(count + 1, sizeof(court->waiting[0]));
    if (!court->waiting || entries_init(&court->queues, count + rules->queue_count) < 0 ||
        entries_init(&court->slots, count) < 0 || entries_init(&court->uids, count) < 0) {
        finish(court);
        return -ENOMEM;
    }
    for (size_t i = 0; i < rules->queue_count; i++)
        entries_add(&court->queues, rules->queues[i].name)->setting = &rules->queues[i];
    for (size_t i = 0; i < count; i++) {
        const struct job_plan *plan = jobs[i].info->plan;
        entries_add(&court->uids, jobs[i].info->uid)->info = jobs[i].info;
        if (plan && plan->queue && is_live(&jobs[i]))
            entries_add(&court->queues, plan->queue);
        if (plan && plan->slot && is_live(&jobs[i]))
            entries_add(&court->slots, plan->slot);
        jobs[i].verdict = QUEUE_NONE;
        jobs[i].other = jobs[i].ahead = 0;
        if (has_place(&jobs[i]))
            take_place(court, &jobs[i]);
        if (is_waiting(&jobs[i]) && !jobs[i].ending)
            court->waiting[court->waiting_count++] = &jobs[i];
    }
    qsort(court->waiting, court->waiting_count, sizeof(court->waiting[0]), compare_turns);
    return 0;
}

/* Of each slot the newest job that is to replace the others, and could start but for them. */
static void find_winners(struct court *court)
{
    for (size_t i = 0; i < court->waiting_count; i++) {
        const struct queue_job *job = court->waiting[i];
        const struct job_plan *plan = job->info->plan;
        if (job->verdict != QUEUE_NONE || !plan->slot || plan->if_busy != IF_BUSY_REPLACE ||
            job->info->attempt > 0)
            continue;
        struct entry *slot = entries_at(&court->slots, plan->slot);
        if (job->info->id > slot->winner)
            slot->winner = job->info->id;
    }
}

static void replace_others(struct court *court)
{
    for (size_t i = 0; i < court->count; i++) {
        struct queue_job *job = &court->jobs[i];
        if (!is_live(job) || job->ending || !job->info->plan || !job->info->plan->slot)
            continue;
        uint32_t winner = entries_at(&court->slots, job->info->plan->slot)->winner;
        if (job->info->id >= winner)
            continue;
        job->verdict = QUEUE_REPLACE;
        job->other = winner;
    }
}

static int judge(struct court *court, const struct queue_rules *rules, struct queue_job *jobs,
                 size_t count)
{
    int r = prepare(court, rules, jobs, count);
    if (r < 0)
        return r;
    for (size_t i = 0; i < court->waiting_count; i++)
        court->waiting[i]->verdict = judge_alone(court, court->waiting[i]);
    find_winners(court);
    replace_others(court);
    for (size_t i = 0; i < court->waiting_count; i++)
        if (court->waiting[i]->verdict == QUEUE_NONE)
            court->waiting[i]->verdict = judge_place(court, court->waiting[i]);
    return 0;
}

int queue_judge(const struct queue_rules *rules, struct queue_job *jobs, size_t count)
{
    struct court court;
    int r = judge(&court, rules, jobs, count);
    if (r == 0)
        finish(&court);
    return r;
}

int queue_judge_new(const struct queue_rules *rules, struct queue_job *jobs, size_t count)
{
    struct court court;
    int r = judge(&court, rules, jobs, count);
    if (r < 0)
        return r;
    struct queue_job *job = &jobs[count - 1];
    const char *slot = job->info->plan ? job->info->plan->slot : NULL;
    /* With itself among them, unless it takes the place of all of them. */
    if (job->verdict == QUEUE_WAIT_SLOT && job->info->plan->if_busy == IF_BUSY_QUEUE &&
        entries_at(&court.slots, slot)->waiting > QUEUE_SLOT_WAITERS)
        job->verdict = QUEUE_FULL;
    finish(&court);
    return 0;
}

/* Words */

/* "18:30", "18:30:05" within minutes, "2026-11-21 09:00" on another day. */
static void explain_time(uint64_t due_ns, uint64_t now_ns, char *text, size_t size)
{
    time_t due = (time_t)(due_ns / 1000000000u), now = (time_t)(now_ns / 1000000000u);
    struct tm due_tm, now_tm;
    if (!localtime_r(&due, &due_tm) || !localtime_r(&now, &now_tm))
        return;
    bool today = due_tm.tm_yday == now_tm.tm_yday && due_tm.tm_year == now_tm.tm_year;
    const char *format = !today ? "%Y-%m-%d %H:%M" : due_tm.tm_sec ? "%H:%M:%S" : "%H:%M";
    strftime(text, size, format, &due_tm);
}

static void explain_turn(const struct queue_job *job, char *text, size_t size)
{
    const char *queue = job->info->plan->queue;
    if (job->ahead > 0)
        snprintf(text, size, "%u job%s ahead in queue %s", job->ahead, job->ahead == 1 ? "" : "s",
                 queue);
    else
        snprintf(text, size, "a place in queue %s, where job %u runs", queue, job->other);
}

static void explain_after(const struct queue_job *job, char *text, size_t size)
{
    static const char *const ends[AFTER_COUNT] = {"to end well", "to end", "to fail"};
    const char *how = ends[job->condition < AFTER_COUNT ? job->condition : AFTER_ANY];
    if (job->other)
        snprintf(text, size, "job %u %s", job->other, how);
    else
        snprintf(text, size, "a job that is just being found, %s", how);
}

static void explain_cancel(const struct queue_job *job, char *text, size_t size)
{
    if (!job->other)
        snprintf(text, size,
                 "it was to come after a job that is no longer known, and how that one ended "
                 "cannot be said any more");
    else if (job->condition == AFTER_FAIL)
        snprintf(text, size, "job %u ended well, and it was to come after its failure", job->other);
    else
        snprintf(text, size, "job %u, which it was to come after, did not end well", job->other);
}

void queue_explain(const struct queue_job *job, uint64_t now_ns, char *text, size_t size)
{
    const struct job_plan *plan = job->info->plan;
    text[0] = '\0';
    switch (job->verdict) {
    case QUEUE_NONE:
        if (is_live(job) && job->info->due_ns > 0)
            explain_time(job->info->due_ns, now_ns, text, size);
        else if (job->info->state == JOB_BACKOFF && plan && plan->watch.len > 0)
            snprintf(text, size, "a change of a file");
        break;
    case QUEUE_START:
        break;
    case QUEUE_WAIT_AFTER:
        explain_after(job, text, size);
        break;
    case QUEUE_WAIT_TIME:
        explain_time(job->coming ? plan->not_before_ns : job->info->due_ns, now_ns, text, size);
        break;
    case QUEUE_WAIT_PAUSED:
        snprintf(text, size, "queue %s is paused", plan->queue);
        break;
    case QUEUE_WAIT_SLOT:
        snprintf(text, size, "its slot, which job %u has", job->other);
        break;
    case QUEUE_WAIT_TURN:
        explain_turn(job, text, size);
        break;
    case QUEUE_WAIT_TOTAL:
        snprintf(text, size, "another job to end: as many run as may (max-running)");
        break;
    case QUEUE_CANCEL:
        explain_cancel(job, text, size);
        break;
    case QUEUE_DROP:
        snprintf(text, size, "slot %s is taken: job %u has it", plan->slot, job->other);
        break;
    case QUEUE_REPLACE:
        snprintf(text, size, "job %u takes slot %s", job->other, plan->slot);
        break;
    case QUEUE_FULL:
        snprintf(text, size, "slot %s is taken, and %u jobs wait for it already", plan->slot,
                 QUEUE_SLOT_WAITERS);
        break;
    }
}
