-- A post keeps a copy of how it stands where it stands; runs and cases know the post their values came from.
-- Whatever of this a database has already stays as it is. Which post an earlier case was made of is not known: it counts as
-- typed by hand.

ALTER TABLE post
    ADD COLUMN IF NOT EXISTS status text NOT NULL DEFAULT 'not_started',
    ADD COLUMN IF NOT EXISTS assignee_id bigint,
    ADD COLUMN IF NOT EXISTS due_on date,
    DROP CONSTRAINT IF EXISTS post_assignee_fkey,
    DROP CONSTRAINT IF EXISTS post_status_check,
    ADD CONSTRAINT post_assignee_fkey FOREIGN KEY (assignee_id) REFERENCES app_user (id),
    ADD CONSTRAINT post_status_check CHECK (status IN ('not_started', 'in_work', 'ready', 'done', 'blocked'));
UPDATE post SET status = standing.status, assignee_id = standing.assignee_id, due_on = standing.due_on
FROM post_sub_stage AS standing
WHERE standing.post_id = post.id AND standing.workflow_sub_stage_id = post.workflow_sub_stage_id;
DROP INDEX IF EXISTS post_planned_idx, post_scheduled_idx, post_sub_stage_assignee_idx, post_sub_stage_place_idx,
    post_sub_stage_assigned_idx, post_sub_stage_due_idx;

ALTER TABLE llm_run
    ADD COLUMN IF NOT EXISTS post_id bigint,
    DROP CONSTRAINT IF EXISTS llm_run_post_fkey,
    ADD CONSTRAINT llm_run_post_fkey FOREIGN KEY (post_id) REFERENCES post (id);
UPDATE llm_run SET post_id = automation.post_id
FROM workflow_automation AS automation
WHERE automation.llm_run_id = llm_run.id AND llm_run.post_id IS NULL;
ALTER TABLE llm_case
    ADD COLUMN IF NOT EXISTS post_id bigint,
    DROP CONSTRAINT IF EXISTS llm_case_post_fkey,
    ADD CONSTRAINT llm_case_post_fkey FOREIGN KEY (post_id) REFERENCES post (id);
